// Tells the service manager how the gateway is, as sd_notify(3) does. A systemd unit of Type=notify is
// started when the gateway serves, shows what it serves, and knows that it reloads or stops.
import { ptr } from 'bun:ffi'
import { errno, libc } from '../lib/native.ts'
import { logEvent } from '../telemetry/log.ts'

/** Sends a datagram to a Unix socket; null when it went out, else why not. */
export type SendTo = (address: string, text: string) => string | null

/** What an end may need beyond the drain. */
const MORE_MS = 15_000

export class ServiceManager {
  readonly #address: string | null
  readonly #send: SendTo
  #hasWarned = false

  constructor(env: Readonly<Record<string, string | undefined>>, send: SendTo = sendDatagram) {
    const address = env['NOTIFY_SOCKET'] ?? ''
    // Others, such as vsock:, are of virtual machines that start whole systems.
    this.#address = /^[/@]./.test(address) ? address : null
    this.#send = send
  }

  /** It serves; also after each change, whatever became of it. */
  ready(status: string): void {
    this.#tell('READY=1', `MAINPID=${process.pid}`, statusLine(status))
  }

  /** Another process is what it looks after from now on; that says ready() itself. */
  handOver(pid: number): void {
    this.#tell(`MAINPID=${pid}`)
  }

  /** A change begins; ready() follows. */
  reloading(): void {
    if (this.#address !== null) this.#tell('RELOADING=1', `MONOTONIC_USEC=${monotonicUs()}`)
  }

  /** It finishes what is in flight, which may take longer than the manager waits by itself. */
  stopping(status: string, withinMs: number): void {
    this.#tell('STOPPING=1', `EXTEND_TIMEOUT_USEC=${(withinMs + MORE_MS) * 1000}`, statusLine(status))
  }

  #tell(...lines: readonly string[]): void {
    if (this.#address === null) return
    const why = this.#send(this.#address, `${lines.join('\n')}\n`)
    if (why === null || this.#hasWarned) return
    this.#hasWarned = true
    logEvent('warn', 'service_manager_not_told', { address: this.#address, why })
  }
}

/** One line, not too long: a line feed would begin another assignment. */
const statusLine = (status: string): string => `STATUS=${status.replace(/\p{Cc}/gu, ' ').slice(0, 1000)}`

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0x80000
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
/** Of sun_path (unix(7)). */
const PATH_BYTES_MAX = 108

function sendDatagram(address: string, text: string): string | null {
  if (process.platform !== 'linux') return 'only Linux has such sockets'
  const path = Buffer.from(address)
  if (path.length >= PATH_BYTES_MAX) return 'the address is too long'
  // "@" stands for the zero byte that abstract addresses begin with; a path ends with one.
  const isAbstract = address.startsWith('@')
  if (isAbstract) path[0] = 0
  const name = Buffer.concat([
    Buffer.from(Uint16Array.of(AF_UNIX).buffer),
    path,
    Buffer.alloc(isAbstract ? 0 : 1),
  ])
  const fd = libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (fd < 0) return `errno ${errno()}`
  const bytes = Buffer.from(text)
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL
  const sent = libc().sendto(fd, ptr(bytes), bytes.length, flags, ptr(name), name.length)
  const why = sent === bytes.length ? null : `errno ${errno()}`
  libc().close(fd)
  return why
}

const CLOCK_MONOTONIC = 1

/** As systemd reads the clock. */
function monotonicUs(): string {
  const time = new BigInt64Array(2)
  libc().clock_gettime(CLOCK_MONOTONIC, ptr(time))
  const [seconds = 0n, nanoseconds = 0n] = time
  return String(seconds * 1_000_000n + nanoseconds / 1000n)
}
