// A real OpenID Connect provider (npm oidc-provider) in this process, and a browser of few words that signs
// in with it: it follows redirects, keeps cookies as browsers do, and fills in the provider's forms.
import { spyOn } from 'bun:test'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ProviderOptions {
  readonly redirectUris: readonly string[]
  readonly logoutUris?: readonly string[]
  /** Of access tokens, in seconds. */
  readonly tokenS?: number
  readonly claims?: (id: string) => Record<string, unknown>
}

export const CLIENT = { id: 'sluice', secret: 'a secret of +/% signs' }

export class TestProvider implements AsyncDisposable {
  readonly issuer: string
  readonly #server: Server
  /** Requests so far, as `GET /token`. */
  readonly asked: string[] = []
  /** It answers nothing but this; null: as ever. */
  broken: number | null = null
  /** Of answers to /token that are tampered with; null: as it was. */
  status: number | null = null
  /** Changes bodies of its answers to a path. */
  tampers: ((path: string, body: string) => string) | null = null

  private constructor(server: Server, issuer: string) {
    this.#server = server
    this.issuer = issuer
  }

  /** Listens: what it is called is known before anything else. */
  static async listen(): Promise<TestProvider> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new TestProvider(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  }

  async serve(options: ProviderOptions): Promise<void> {
    // It says at length what must not be done in production.
    const silent = [spyOn(console, 'warn'), spyOn(console, 'info')].map((one) =>
      one.mockImplementation(() => {}),
    )
    const { default: Provider } = await import('oidc-provider')
    const provider = new Provider(this.issuer, configOf(options))
    for (const one of silent) one.mockRestore()
    const answer = provider.callback()
    this.#server.on('request', (request, response) => this.#answer(request, response, answer))
  }

  #answer(request: IncomingMessage, response: ServerResponse, answer: RequestListener): void {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    this.asked.push(`${request.method} ${path}`)
    if (this.broken !== null) return void response.writeHead(this.broken).end('broken')
    if (this.tampers !== null) this.#tamper(path, response)
    answer(request, response)
  }

  #tamper(path: string, response: ServerResponse): void {
    const end = response.end.bind(response)
    const pieces: Buffer[] = []
    response.write = ((piece: string | Buffer) =>
      pieces.push(Buffer.from(piece)) > 0) as typeof response.write
    response.end = ((piece?: string | Buffer) => {
      if (piece !== undefined) pieces.push(Buffer.from(piece))
      const body = this.tampers?.(path, Buffer.concat(pieces).toString()) ?? ''
      if (this.status !== null && path === '/token') response.statusCode = this.status
      response.setHeader('content-length', Buffer.byteLength(body))
      return end(body)
    }) as typeof response.end
  }

  count(what: string): number {
    return this.asked.filter((one) => one === what).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

const configOf = ({ redirectUris, logoutUris = [], tokenS = 3600, claims }: ProviderOptions) => ({
  clients: [
    {
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      redirect_uris: redirectUris,
      post_logout_redirect_uris: logoutUris,
      grant_types: ['authorization_code', 'refresh_token'],
    },
  ],
  cookies: { keys: ['of tests'] },
  claims: { openid: ['sub'], email: ['email'], profile: ['name', 'groups', 'much'] },
  conformIdTokenClaims: false,
  findAccount: (_: unknown, id: string) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@a.example`, ...claims?.(id) }),
  }),
  ttl: {
    AccessToken: tokenS,
    IdToken: 3600,
    RefreshToken: 86_400,
    Grant: 86_400,
    Session: 86_400,
    Interaction: 600,
  },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  features: {
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx: { body: string }, form: string) => void (ctx.body = form),
    },
  },
  renderError: (ctx: { body: string }, out: unknown) => void (ctx.body = JSON.stringify(out)),
})

interface Kept {
  readonly host: string
  readonly value: string
}

/** Keeps cookies by host, as if each port were a host of its own. */
export class Browser {
  readonly #cookies = new Map<string, Kept>()
  /** Each step: method, URL and status. */
  readonly way: string[] = []

  cookies(host: string): Record<string, string> {
    return Object.fromEntries(
      [...this.#cookies]
        .filter(([, one]) => one.host === host)
        .map(([name, { value }]) => [name.slice(host.length + 1), value]),
    )
  }

  set(host: string, name: string, value: string | null): void {
    if (value === null) this.#cookies.delete(`${host} ${name}`)
    else this.#cookies.set(`${host} ${name}`, { host, value })
  }

  async ask(url: string, init: RequestInit = {}): Promise<Response> {
    const { host } = new URL(url)
    const cookie = Object.entries(this.cookies(host))
      .map(([name, value]) => `${name}=${value}`)
      .join('; ')
    const answer = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        connection: 'close',
        ...(cookie === '' ? {} : { cookie }),
        ...init.headers,
      },
    })
    this.way.push(`${init.method ?? 'GET'} ${url} ${answer.status}`)
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...rest] = line.split(/; */)
      const at = pair.indexOf('=')
      const isGone = rest.some((one) => /^max-age=0$/i.test(one) || /^expires=.*1970/i.test(one))
      this.set(host, pair.slice(0, at), isGone ? null : pair.slice(at + 1))
    }
    return answer
  }

  /** Goes there, signs in and agrees where it is asked, until a page comes that asks nothing more. */
  async visit(url: string, { as = 'alice', until = (_: string): boolean => false } = {}): Promise<Response> {
    let [at, init]: [string, RequestInit] = [url, {}]
    for (let i = 0; i < 20; i++) {
      const answer = await this.ask(at, init)
      const location = answer.headers.get('location')
      if (location !== null && answer.status >= 300 && answer.status < 400) {
        ;[at, init] = [new URL(location, at).href, {}]
        if (until(at)) return answer
        continue
      }
      const text = await answer.clone().text()
      const action = /<form[^>]*action="([^"]+)"/.exec(text)?.[1]
      if (action === undefined) return answer
      const hidden = [...text.matchAll(/<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)].map(
        ([, name = '', value = '']): [string, string] => [name, value],
      )
      const form = new URLSearchParams([...hidden, ['login', as], ['password', 'any'], ['logout', 'yes']])
      ;[at, init] = [
        new URL(action, at).href,
        {
          method: 'POST',
          body: form.toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        },
      ]
    }
    throw new Error(`round in circles: ${this.way.join('\n')}`)
  }
}
