// The servers of `sluice demo` that speak no HTTP: a cache that answers PING over TCP, as Redis does, and an
// echo of datagrams.

export interface PlainServer {
  readonly name: string
  readonly url: string
  stop(): void
}

/** Answers each line: PING with +PONG, anything else with +OK. */
export function startCache(name: string): PlainServer {
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket, bytes) {
        const lines = bytes.toString('latin1').split('\r\n').slice(0, -1)
        socket.write(lines.map((line) => (line === 'PING' ? '+PONG\r\n' : '+OK\r\n')).join(''))
      },
    },
  })
  return { name, url: `tcp://127.0.0.1:${listener.port}`, stop: () => listener.stop(true) }
}

/** Sends each datagram back. */
export async function startEcho(name: string): Promise<PlainServer> {
  const socket = await Bun.udpSocket({
    hostname: '127.0.0.1',
    port: 0,
    socket: { data: (own, bytes, port, address) => void own.send(bytes, port, address) },
  })
  return { name, url: `udp://127.0.0.1:${socket.port}`, stop: () => socket.close() }
}
