// The HTTP servers of `sluice demo`: each says its name, so that a person sees which one answered. They take
// a little time, as real ones do, and some of them are unwell on purpose.

export interface SampleServer {
  readonly name: string
  readonly url: string
  /** How many requests it answered, health checks left out. */
  readonly answered: number
  stop(): void
}

export interface SampleOptions {
  /** It answers its checks with 503. */
  readonly isSick?: boolean
  /** Each so manyth request is answered with 500; 0: none. */
  readonly failsEach?: number
}

const LONGEST_MS = 24

/** A small server on a free port of loopback; WebSockets get back what they send. */
export function startSampleServer(
  name: string,
  { isSick = false, failsEach = 0 }: SampleOptions = {},
): SampleServer {
  let answered = 0
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    websocket: { message: (socket, message) => void socket.send(message) },
    async fetch(request, serving) {
      const { pathname } = new URL(request.url)
      if (pathname === '/health')
        return isSick ? new Response('the database does not answer\n', { status: 503 }) : new Response('ok\n')
      if (serving.upgrade(request)) return undefined
      answered++
      await Bun.sleep((answered * 7) % LONGEST_MS)
      const isFailed = failsEach > 0 && answered % failsEach === 0
      return Response.json(
        {
          server: name,
          path: pathname,
          client: request.headers.get('x-forwarded-for'),
          request_id: request.headers.get('x-request-id'),
        },
        { status: isFailed ? 500 : 200 },
      )
    },
  })
  return {
    name,
    url: `http://127.0.0.1:${server.port}`,
    get answered() {
      return answered
    },
    stop: () => void server.stop(true),
  }
}
