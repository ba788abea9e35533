// Asks servers that are no backend's, for steps of rules: so many at most at once, each by a connection of
// its own.
import type { AsksWeb, WebAnswer, WebRequest } from '../http/web-words.ts'
import { parseServerUrl } from '../lib/server-url.ts'
import { ClientTls, ServerTls } from '../tls/server-tls.ts'
import type { AskTarget } from './ask.ts'
import type { HttpClient } from './client.ts'

const AT_ONCE_MAX = 64
const CONTEXTS_MAX = 64

export class Web implements AsksWeb {
  readonly #client: HttpClient
  #underWay = 0
  /** By the issuers that are trusted. */
  readonly #contexts = new Map<string, ClientTls>()

  constructor(client: HttpClient) {
    this.#client = client
  }

  ask(request: WebRequest): Promise<WebAnswer> {
    const { url, method, fields, body, totalMs, bodyBytes } = request
    const [, origin = '', rest = ''] = /^(https?:\/\/[^/?#]+)([/?][^#]*)?$/.exec(url) ?? []
    if (origin === '') return failed('its URL is none of http or https')
    if (this.#underWay >= AT_ONCE_MAX) return failed(`${AT_ONCE_MAX} others are asked already`)
    let target: AskTarget
    try {
      target = this.#targetOf(origin, request.ca)
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error))
    }
    const { promise, resolve } = Promise.withResolvers<WebAnswer>()
    this.#underWay++
    const asked = {
      method,
      target: rest.startsWith('/') ? rest : `/${rest}`,
      fields,
      body: body === null ? null : Buffer.from(body),
    }
    this.#client.ask(target, asked, { total: totalMs, body: bodyBytes, tolerance: 'strict' }, (end) => {
      this.#underWay--
      resolve(
        end.is === 'answer'
          ? { is: 'answer', status: end.status, body: end.body }
          : { is: 'failure', why: end.words },
      )
    })
    return promise
  }

  #targetOf(origin: string, ca: readonly string[] | null): AskTarget {
    const { host, port, authority } = parseServerUrl(origin)
    if (!origin.startsWith('https:')) return { host, port, authority, tls: null }
    const key = ca === null ? '' : ca.join('\n')
    let context = this.#contexts.get(key)
    if (context === undefined) {
      context = ca === null ? new ClientTls() : new ClientTls(undefined, { ca, cert: null, key: null })
      if (this.#contexts.size >= CONTEXTS_MAX) this.#contexts.clear()
      this.#contexts.set(key, context)
    }
    return { host, port, authority, tls: new ServerTls(context, host) }
  }
}

const failed = (why: string): Promise<WebAnswer> => Promise.resolve({ is: 'failure', why })
