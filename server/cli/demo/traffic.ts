// A little traffic for as long as the demo runs: some 25 requests a second, and now and then a connection, a
// datagram, a WebSocket. Never more in flight than a few: a gateway that is stopped or slow is not pressed.
import type { DemoPorts } from './demo-config.ts'
import { type Sent, statusOf } from './ask-web.ts'
import { LiveSockets } from './live-sockets.ts'

const TICK_MS = 120
const EACH_TICK = 3
const PLAIN_EACH_MS = 1000
const IN_FLIGHT_MAX = 24

interface Kind {
  /** How many of all of them. */
  readonly share: number
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly isSecure?: boolean
  /** As browsers of some people who come again send it: with the cookies that they were given. */
  readonly isOfShoppers?: boolean
}

const KINDS: readonly Kind[] = [
  { share: 30, path: '/fruit/#', headers: { 'User-Agent': 'fruit-market/2.1' } },
  { share: 24, path: '/api/orders/#', headers: { 'User-Agent': 'orders/4.0' } },
  { share: 4, path: '/api/orders', method: 'POST', headers: { 'User-Agent': 'orders/4.0' } },
  { share: 5, path: '/api/orders/#', headers: { 'User-Agent': 'orders/5.0-beta', 'X-Beta': 'true' } },
  {
    ...{ share: 16, path: '/shop/items/#', isOfShoppers: true },
    headers: { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64)' },
  },
  { share: 4, path: '/shop/checkout', method: 'POST', isOfShoppers: true },
  { share: 7, path: '/pay/quotes/#', headers: { 'User-Agent': 'till/1.3' } },
  { share: 8, path: '/fruit/#', isSecure: true },
  { share: 2, path: '/hello' },
  { share: 2, path: '/old' },
  { share: 1, path: '/private/notes' },
  { share: 1, path: '/reports/daily' },
]
/** One after another, each as often as its share says, well mixed: a step that no length of it divides. */
const PLAN: readonly Kind[] = KINDS.flatMap((kind) => Array<Kind>(kind.share).fill(kind))
const STEP = 37
const NUMBERS = 500
const SHOPPERS = 12
/** Somebody new takes the place of a shopper once in so many requests. */
const NEW_EACH = 40

export class Traffic {
  readonly #ports: DemoPorts
  readonly #end = new AbortController()
  readonly #live: LiveSockets
  readonly #timers: ReturnType<typeof setInterval>[] = []
  /** What each shopper was given. */
  readonly #cookies: string[] = Array<string>(SHOPPERS).fill('')
  #inFlight = 0
  #sent = 0

  constructor(ports: DemoPorts) {
    this.#ports = ports
    this.#live = new LiveSockets(`ws://127.0.0.1:${ports.web}/live`)
  }

  /** WebSockets alone, as they are there before a server drains; resolves once they are open. */
  open(): Promise<void> {
    return this.#live.open()
  }

  start(): void {
    this.#timers.push(
      setInterval(() => this.#tick(), TICK_MS),
      setInterval(() => this.#plain(), PLAIN_EACH_MS),
    )
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#live.stop()
    this.#end.abort()
  }

  #tick(): void {
    for (let n = 0; n < EACH_TICK && this.#inFlight < IN_FLIGHT_MAX; n++) {
      const kind = PLAN[(this.#sent * STEP) % PLAN.length]
      if (kind !== undefined) void this.#send(kind)
    }
  }

  async #send({ path, isSecure = false, isOfShoppers = false, share: _, ...sent }: Kind): Promise<void> {
    const at = isSecure ? `https://127.0.0.1:${this.#ports.secure}` : `http://127.0.0.1:${this.#ports.web}`
    const number = this.#sent++ % NUMBERS
    this.#inFlight++
    const kept = isOfShoppers ? this.#shopper(number) : {}
    const headers = { ...sent.headers, ...kept.headers }
    const url = `${at}${path.replace('#', String(number))}`
    await statusOf(url, { ...sent, ...kept, headers, signal: this.#end.signal })
    this.#inFlight--
  }

  #shopper(number: number): Pick<Sent, 'headers' | 'onCookie'> {
    const who = number % SHOPPERS
    if (number % NEW_EACH === 0) this.#cookies[who] = ''
    const cookie = this.#cookies[who]
    return {
      ...(cookie !== undefined && cookie !== '' && { headers: { Cookie: cookie } }),
      onCookie: (given) => void (this.#cookies[who] = given),
    }
  }

  /** What fails here fails for the gateway's page to show: nobody waits for it. */
  #plain(): void {
    void this.#ping().catch(() => {})
    void this.#datagram().catch(() => {})
  }

  async #ping(): Promise<void> {
    await Bun.connect({
      ...{ hostname: '127.0.0.1', port: this.#ports.cache },
      socket: { open: (socket) => void socket.write('PING\r\n'), data: (socket) => void socket.end() },
    })
  }

  async #datagram(): Promise<void> {
    const socket = await Bun.udpSocket({ hostname: '127.0.0.1', socket: { data: (own) => own.close() } })
    socket.send('hello', this.#ports.echo, '127.0.0.1')
    setTimeout(() => socket.closed || socket.close(), PLAIN_EACH_MS).unref()
  }
}
