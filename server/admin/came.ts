// A request as a door hands it in, and on its way through the shell.
import type { Principal } from '../control/store/principal.ts'
import type { Identified } from './auth/authenticator.ts'
import type { Route } from './route.ts'

/** How a request came in. */
export interface Caller {
  readonly door: 'unix' | 'tcp'
  /** Of the socket, never by a header; 'unix' for those who come by the control socket. */
  readonly address: string
  /** By the control socket: who is connected there, mostly one user; empty at another door. */
  readonly uids: readonly number[]
  /** By TLS. */
  readonly isSecure: boolean
}

export interface Came {
  readonly request: Request
  readonly server: Bun.Server<undefined>
  readonly caller: Caller
  /** The host that the listener is bound to. */
  readonly host: string
}

/** What is found out of a request step by step. */
export class Pass {
  readonly came: Came
  /** `req_…`; what is logged and refused names it. */
  readonly requestId = `req_${crypto.getRandomValues(Buffer.alloc(9)).toString('base64url')}`
  readonly url: URL
  /** Of the config that was served as it came. */
  readonly revision: number
  route: Route | null = null
  known: Identified | null = null

  constructor(came: Came, revision: number) {
    this.came = came
    this.revision = revision
    this.url = urlOf(came.request)
  }

  /** Who asks; null: nobody who is known. */
  get who(): Principal | null {
    return this.known?.who ?? null
  }

  /** What a path of the API is about, as scopes of tokens and the audit log name it. */
  get resource(): string {
    return this.url.pathname.replace(/^\/api\/v1\//, '')
  }

  get isReading(): boolean {
    const { method } = this.came.request
    return method === 'GET' || method === 'HEAD'
  }
}

/** What is asked for. A Host may be anything, also what no URL can have: then the path counts alone. */
export function urlOf({ url }: Request): URL {
  const path = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '')
  return URL.parse(url) ?? new URL(`http://localhost${path.startsWith('/') ? path : '/'}`)
}
