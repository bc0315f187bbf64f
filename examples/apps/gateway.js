// A web shop's entry: takes HTTP requests, starts a W3C trace for each, calls orders, logs JSON lines as pino does.
const http = require('http');
const crypto = require('crypto');
const [port, ordersPort] = process.argv.slice(2).map(Number);
const levels = { info: 30, warn: 40, error: 50 };

function log(level, fields, msg) {
  console.log(JSON.stringify({ level: levels[level], time: Date.now(), pid: process.pid, name: 'gateway', ...fields, msg }));
}

function callOrders(path, traceparent) {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port: ordersPort, path, headers: { traceparent }, timeout: 400 }, (answer) => {
      let body = '';
      answer.on('data', (chunk) => (body += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode, body }));
    });
    request.on('timeout', () => request.destroy(new Error('orders did not answer within 400 ms')));
    request.on('error', reject);
  });
}

http.createServer(async (req, res) => {
  const started = process.hrtime.bigint();
  const traceId = crypto.randomBytes(16).toString('hex');
  const spanId = crypto.randomBytes(8).toString('hex');
  const trace = { trace_id: traceId, span_id: spanId };
  log('info', { ...trace, 'http.request.method': req.method, 'url.path': req.url, 'client.address': req.headers['x-forwarded-for'] }, 'request started');
  let status = 502;
  try {
    if (req.url.startsWith('/cart/null')) JSON.parse(undefined + '{');
    const answer = await callOrders(req.url, `00-${traceId}-${spanId}-01`);
    status = answer.status;
    if (status >= 500) log('warn', { ...trace, upstream: 'orders', status }, `orders answered ${status}: ${answer.body.trim()}`);
  } catch (err) {
    log('error', { ...trace, err: { type: err.name, message: err.message, stack: err.stack } }, 'request failed');
  }
  res.statusCode = status;
  res.end();
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  log(status >= 500 ? 'error' : 'info', { ...trace, 'http.response.status_code': status, responseTime: Math.round(ms * 1000) / 1000 }, 'request completed');
}).listen(port, '127.0.0.1', () => log('info', { port }, `gateway listening on 127.0.0.1:${port}`));
process.on('SIGTERM', () => { log('info', {}, 'received SIGTERM, shutting down'); process.exit(0); });
