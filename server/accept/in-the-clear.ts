// What somebody hears who asks an https listener in the clear, as with http://host:443: a connection that
// ends without a word tells nobody what is wrong.
const BODY = 'This port speaks HTTPS: ask with https://\n'

/** An answer of HTTP (RFC 9112), with its end. */
export const ASK_WITH_TLS: Uint8Array = Buffer.from(
  [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: text/plain; charset=utf-8',
    'Cache-Control: no-store',
    `Content-Length: ${BODY.length}`,
    'Connection: close',
    '',
    BODY,
  ].join('\r\n'),
  'latin1',
)
