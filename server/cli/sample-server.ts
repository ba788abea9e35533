// The sample servers of `sluice demo`: each says its name, so that a person sees which one answered.

export interface SampleServer {
  readonly name: string
  readonly url: string
  /** How many requests it answered, health checks left out. */
  readonly answered: number
  stop(): void
}

/** A small server on a free port of loopback. */
export function startSampleServer(name: string): SampleServer {
  let answered = 0
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url)
      if (pathname === '/health') return new Response('ok\n')
      answered++
      return Response.json({
        server: name,
        path: pathname,
        client: request.headers.get('x-forwarded-for'),
        request_id: request.headers.get('x-request-id'),
      })
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
