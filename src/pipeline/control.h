// Control: the control socket of a daemon's store. Takes requests from the socket to the keeper's thread, where they
// are executed one after the other and beside nothing else that changes segments, and takes the answers back.
//
// Belongs to one opening of the store: made after the keeper and only while the store's lock is held. Before the keeper
// goes, Detach; the answers of what it finished meanwhile are sent by the destructor. Any thread may call.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <whittle/status.h>

#include "env/clock.h"
#include "env/line_server.h"
#include "pipeline/control_protocol.h"
#include "pipeline/store_keeper.h"

namespace whittle {

class Control {
 public:
  // On the keeper's thread. `stop` is raised when nobody wants the answer any more, or the daemon ends.
  using Execute = std::function<ControlAnswer(const ControlRequest& request, const std::atomic<bool>* stop)>;
  // One line about each request that was executed; on the keeper's thread.
  using Log = std::function<void(const std::string& line)>;

  static Result<std::unique_ptr<Control>> Start(const std::string& store, Clock* clock, StoreKeeper* keeper,
                                                Execute execute, Log log);

  // From now on requests are refused: the store is being closed.
  void Detach();

 private:
  Control(StoreKeeper* keeper, Execute execute, Log log);
  bool detached();
  void Handle(LineServer* server, LineServer::Request request);

  const Execute execute_;
  const Log log_;
  std::mutex mutex_;
  StoreKeeper* keeper_;  // null: detached
  std::unique_ptr<LineServer> server_;
};

}  // namespace whittle
