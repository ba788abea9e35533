// What can be seen of a handshake from outside, as far as it comes in the clear (TLS 1.2).
const HANDSHAKE = 0x16
const CERTIFICATE_REQUEST = 13
const RECORD_HEAD = 5
const MESSAGE_HEAD = 4

/** The server has asked for our certificate (RFC 5246 §7.4.4). */
export function asksForCertificate(came: Buffer): boolean {
  const messages = handshakeOf(came)
  for (let at = 0; at + MESSAGE_HEAD <= messages.length;) {
    if (messages[at] === CERTIFICATE_REQUEST) return true
    at += MESSAGE_HEAD + messages.readUIntBE(at + 1, 3)
  }
  return false
}

/** The messages that handshake records bring: one may lie across two, and two in one. */
function handshakeOf(came: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at + RECORD_HEAD <= came.length && came[at] === HANDSHAKE;) {
    const end = at + RECORD_HEAD + came.readUInt16BE(at + 3)
    pieces.push(came.subarray(at + RECORD_HEAD, end))
    at = end
  }
  return Buffer.concat(pieces)
}
