// An admin listener over a store, and browsers and programs that ask it.
import { startAdmin } from '../../server/admin/admin.ts'
import { shellOf } from '../../server/admin/whole-shell.ts'
import type { ControlFacts } from '../../server/control/facts.ts'
import type { Role } from '../../server/control/store/principal.ts'
import { controlFacts } from './control-facts.ts'
import { keeperOf, PASSWORD, storeWorld, type StoreWorld } from './store-world.ts'

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

export interface Asking {
  readonly method?: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Keeps a cookie, and sends what pages of ours send. */
export class Browser {
  cookie = ''
  csrf = ''
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async ask({ method = 'GET', path, body, headers = {} }: Asking): Promise<Answered> {
    const answered = await ask(this.#url, {
      ...{ method, path, body },
      headers: {
        'Sec-Fetch-Site': 'same-origin',
        ...(this.cookie !== '' && { Cookie: this.cookie }),
        ...(this.csrf !== '' && { 'X-CSRF-Token': this.csrf }),
        ...headers,
      },
    })
    const [set] = answered.headers.getSetCookie()
    if (set !== undefined) this.cookie = set.split(';', 1)[0] ?? ''
    if (typeof answered.body['csrf_token'] === 'string') this.csrf = answered.body['csrf_token']
    return answered
  }

  post(path: string, body?: unknown): Promise<Answered> {
    return this.ask({ method: 'POST', path, body })
  }

  signIn(name: string, more: object = {}): Promise<Answered> {
    return this.post('/api/v1/auth/sign-in', { name, password: PASSWORD, ...more })
  }
}

/** One request of a program. */
export async function ask(url: string, { method = 'GET', path, body, headers }: Asking): Promise<Answered> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json') === true
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : {} }
}

export interface AdminWorld extends StoreWorld {
  readonly url: string
  browser(): Browser
  /** A browser of a user that is made for it. */
  signedIn(role: Role, name?: string): Promise<Browser>
  /** The text of a token that is made for it. */
  token(role: Role, more?: { readonly scopes?: string[]; readonly ranges?: string[] }): string
  /** What a program asks with a token. */
  by(token: string, asking: Asking): Promise<Answered>
}

export function adminWorld(facts: Partial<ControlFacts> = {}): AdminWorld {
  const world = storeWorld()
  const { store } = world
  const admin = startAdmin({
    bind: '127.0.0.1:0',
    shell: shellOf(controlFacts({ store: keeperOf(store), ...facts })),
  })
  if ('problem' in admin) throw new Error(admin.problem)
  const url = `http://${admin.address}`
  return {
    ...world,
    url,
    browser: () => new Browser(url),
    signedIn: async (role, name = role) => {
      world.addUser(name, role)
      const browser = new Browser(url)
      const { status } = await browser.signIn(name)
      if (status !== 200) throw new Error(`signing in gave ${status}`)
      return browser
    },
    token: (role, { scopes = [], ranges = [] } = {}) =>
      store.tokens.add({ name: role, role, scopes, ranges, createdBy: 'test', expiresMs: null })?.text ?? '',
    by: (token, asking) =>
      ask(url, { ...asking, headers: { ...asking.headers, Authorization: `Bearer ${token}` } }),
    close: () => {
      admin.stop()
      world.close()
    },
  }
}
