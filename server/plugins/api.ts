// What plugins of Sluice may export, and what they are given. `sluice types` prints this file.
//
//   import type { Middleware } from 'sluice/plugin'
//   export const middleware: Middleware<{ word: string }> = ({ word }) => ({
//     request: (request) => request.setHeader('X-Word', word),
//   })

/** A request, as steps before have left it. Of use until the promise of who was given it has settled. */
export interface Request {
  readonly id: string
  readonly method: string
  /** In lower case, without its port. */
  readonly host: string
  /** As it came, escapes included. */
  readonly path: string
  /** As it came, without "?". */
  readonly query: string
  readonly scheme: 'http' | 'https'
  /** Address of the client, as trusted proxies say; null: one of them names nobody. */
  readonly client: string | null
  /** Who the client is known to be, by a step before; null: none told. */
  readonly user: string | null
  readonly claims: Readonly<Record<string, unknown>>
  readonly listener: string
  readonly rule: string
  /** What variables of the rule's path stand for. */
  readonly captures: Readonly<Record<string, string>>
  /** Value of a field; of several lines all, with commas; null: there is none. */
  header(name: string): string | null
  /** In place of all of its name. Fields that frame a message, or are of one connection, are refused. */
  setHeader(name: string, value: string): void
  addHeader(name: string, value: string): void
  removeHeader(name: string): void
}

/** The head of an answer, a server's or ours, on its way to the client. */
export interface Answer {
  readonly status: number
  header(name: string): string | null
  setHeader(name: string, value: string): void
  addHeader(name: string, value: string): void
  removeHeader(name: string): void
}

/** An answer in place of a server's. */
export interface Reply {
  /** 200 to 599. */
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** How an exchange has ended. */
export interface Summary {
  /** 0: no answer began. */
  readonly status: number
  readonly server: string | null
  /** Milliseconds since the request came. */
  readonly ms: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** The code of what went wrong; null: nothing did. */
  readonly fault: string | null
}

type Or<T> = T | Promise<T>

/** A step of a rule. Each of its functions may be left out. */
export interface Step {
  /** Before a server is picked. A Reply ends the exchange; nothing, and it goes on. */
  request?(request: Request): Or<Reply | undefined | void>
  /** The head of the answer is here. */
  response?(request: Request, answer: Answer): Or<void>
  /** All is over. */
  end?(request: Request, summary: Summary): void
}

/** What a plugin may ask. */
export interface World {
  /** Name of the rule that the step is part of. */
  readonly rule: string
  /** Milliseconds on a clock that is never set. */
  now(): number
  /** A line of the gateway's own log. */
  log(message: string): void
}

/** export const middleware: makes the step of one rule, by its options. */
export type Middleware<Options = unknown> = (options: Options, world: World) => Step

/** A server that may be picked, with what it does now. */
export interface Server {
  readonly name: string
  readonly url: string
  readonly weight: number
  /** Requests under way at it, over all workers. */
  readonly inFlight: number
  /** Of its last answers, as this worker has seen them, in ms; null: none yet. */
  readonly latencyMs: number | null
}

/** What is known of who a server is picked for. */
export interface Asked {
  /** A hash of what `hash` of the backend names; 0: it names nothing. */
  readonly key: number
}

/** Its place among the servers; null: any. */
export type Pick = (servers: readonly Server[], asked: Asked) => number | null

/** export const algorithm: made anew whenever other servers may be picked. */
export type Algorithm<Options = unknown> = (options: Options) => Pick

/** export const rateLimitKey: what requests are counted by; null: it has no key. At most 1,024 characters. */
export type RateLimitKey = (request: Pick_<Request>) => string | null

type Pick_<T> = Omit<T, 'setHeader' | 'addHeader' | 'removeHeader' | 'captures'>

/** export const check: what is wrong with options, in words; nothing: they are right. */
export type Check<Options = unknown> = (options: Options) => readonly string[] | undefined | void

/** All that a plugin may export. */
export interface Plugin {
  readonly middleware?: Middleware<never>
  readonly algorithm?: Algorithm<never>
  readonly rateLimitKey?: RateLimitKey
  readonly check?: Check<never>
}
