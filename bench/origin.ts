// The server behind every contender, in a process of its own: raw bytes on Bun.listen, so that it is never
// what is measured.
// /small 24 bytes · /bye the same, and the end of the connection · /100k · /10m · /1g · /never is not answered · POST /upload reads a body and answers
//   small · /count says how many requests it has answered, /moved how many bytes of bodies went out or came.
// Prints its port. With a certificate and its key, as files, it speaks TLS.
import type { Socket } from 'bun'

interface Connection {
  /** Of a body that is being read. */
  bodyLeft: number
  /** Of an answer that is being written. */
  answerLeft: number
  head: string
}

const head = (length: number): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\n`
const SMALL = Buffer.from(`${head(24)}twenty-four bytes, here.`)
const BYE = Buffer.from(
  SMALL.toString('latin1').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
  'latin1',
)
const BLOCK = Buffer.alloc(1 << 20, 'sluice ')
const SIZES: Readonly<Record<string, number>> = { '/100k': 100 << 10, '/10m': 10 << 20, '/1g': 1 << 30 }
const HUNDRED = Buffer.concat([Buffer.from(head(100 << 10)), BLOCK.subarray(0, 100 << 10)])

let served = 0
let moved = 0

function onBytes(socket: Socket<Connection>, bytes: Buffer): void {
  const connection = socket.data
  let at = 0
  if (connection.bodyLeft > 0) {
    const taken = Math.min(connection.bodyLeft, bytes.length)
    connection.bodyLeft -= taken
    moved += taken
    at = taken
    if (connection.bodyLeft === 0) answer(socket, '/small')
  }
  if (at === bytes.length) return
  connection.head += bytes.toString('latin1', at)
  for (;;) {
    const end = connection.head.indexOf('\r\n\r\n')
    if (end < 0) return
    const whole = connection.head.slice(0, end)
    const rest = connection.head.slice(end + 4)
    connection.head = ''
    const target = whole.slice(whole.indexOf(' ') + 1, whole.indexOf(' ', whole.indexOf(' ') + 1))
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(whole)?.[1] ?? 0)
    connection.bodyLeft = Math.max(0, length - rest.length)
    if (connection.bodyLeft > 0) return
    answer(socket, target)
    connection.head = rest.slice(length)
  }
}

function answer(socket: Socket<Connection>, target: string): void {
  if (target === '/never') return
  const figure = target === '/count' ? served : target === '/moved' ? moved : undefined
  if (figure !== undefined) return write(socket, Buffer.from(head(String(figure).length) + figure))
  served++
  if (target === '/bye') return void socket.end(BYE)
  const size = SIZES[target]
  if (size === undefined) return write(socket, SMALL)
  if (target === '/100k') return write(socket, HUNDRED)
  socket.data.answerLeft = size
  socket.write(head(size))
  fill(socket)
}

function write(socket: Socket<Connection>, bytes: Buffer): void {
  const taken = Math.max(0, socket.write(bytes))
  // What did not fit is body, and every body is cut from the same block.
  if (taken < bytes.length) socket.data.answerLeft = bytes.length - taken
}

function fill(socket: Socket<Connection>): void {
  const connection = socket.data
  if (connection.answerLeft > 0) {
    const wanted = Math.min(connection.answerLeft, BLOCK.length)
    const taken = socket.write(wanted === BLOCK.length ? BLOCK : BLOCK.subarray(0, wanted))
    if (taken <= 0) return
    connection.answerLeft -= taken
    moved += taken
    if (taken < wanted) return
    // Who reads as fast as this writes would have it to itself.
    if (connection.answerLeft > 0) return void setImmediate(fill, socket)
  }
}

const [, , cert, key] = process.argv
const listener = Bun.listen<Connection>({
  ...(cert !== undefined && key !== undefined && { tls: { cert: Bun.file(cert), key: Bun.file(key) } }),
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    open(socket) {
      socket.data = { bodyLeft: 0, answerLeft: 0, head: '' }
      socket.setNoDelay(true)
    },
    data: onBytes,
    drain: fill,
    error() {},
  },
})
console.log(listener.port)
