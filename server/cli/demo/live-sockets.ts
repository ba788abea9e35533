// WebSockets that are open for minutes: what is left of a server that drains. Each that ends is opened anew.

const COUNT = 6
/** The first ends after so long, each later one so much later. */
const LASTS_MS = 60_000
const SAID_EACH_MS = 2000
const AGAIN_MS = 1000

export class LiveSockets {
  readonly #url: string
  readonly #open = new Set<WebSocket>()
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()
  #isStopped = false

  constructor(url: string) {
    this.#url = url
  }

  /** Resolves once each is open, or has failed. */
  async open(): Promise<void> {
    await Promise.all(Array.from({ length: COUNT }, (_, n) => this.#begin((n + 1) * LASTS_MS)))
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    for (const socket of this.#open) socket.close()
  }

  #begin(lastsMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const socket = new WebSocket(this.#url)
    this.#open.add(socket)
    const saying = setInterval(
      () => socket.readyState === WebSocket.OPEN && socket.send('tick'),
      SAID_EACH_MS,
    )
    this.#after(lastsMs, () => socket.close())
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => resolve())
    socket.addEventListener('close', () => {
      clearInterval(saying)
      resolve()
      this.#open.delete(socket)
      if (!this.#isStopped) this.#after(AGAIN_MS, () => void this.#begin(lastsMs))
    })
    return promise
  }

  #after(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, ms)
    this.#timers.add(timer)
  }
}
