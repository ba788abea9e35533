// What plugins see of a request and an answer: a few words of ours, not what stands behind them.
import type { ResponseHead } from '../head/response-head.ts'
import type { Exchange } from '../http/exchange.ts'
import { isOwnOnAnswer, isOwnOnRequest } from '../lib/own-fields.ts'
import type * as api from '../plugins/api.ts'

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const VALUE_MAX = 65_536

interface Editable {
  get(lower: string): string | null
  values(lower: string): string[]
  set(name: string, value: string): void
  add(name: string, value: string): void
  remove(name: string): void
}

type Kind = 'set' | 'add' | 'remove'

/** Throws a TypeError where the field is not for plugins, or its value would break a line. */
function checkField(
  isOwn: (name: string, kind: Kind) => boolean,
  kind: Kind,
  name: string,
  value = '',
): void {
  if (typeof name !== 'string' || !NAME.test(name))
    throw new TypeError(`${JSON.stringify(name)} is no name of a field`)
  if (isOwn(name, kind)) throw new TypeError(`the field ${name} is written by the gateway itself`)
  if (typeof value !== 'string' || value.length > VALUE_MAX || !VALUE.test(value))
    throw new TypeError(
      `the value of ${name} is no text for a field: one line of at most ${VALUE_MAX} characters of Latin-1`,
    )
}

abstract class HeadView {
  protected abstract get head(): Editable
  protected abstract isOwn(name: string, kind: Kind): boolean

  header(name: string): string | null {
    const lower = String(name).toLowerCase()
    const first = this.head.get(lower)
    if (first === null) return null
    const all = this.head.values(lower)
    return all.length > 1 && all[0] === first ? all.join(', ') : first
  }

  setHeader(name: string, value: string): void {
    checkField((one, kind) => this.isOwn(one, kind), 'set', name, value)
    this.head.set(name, value)
  }

  addHeader(name: string, value: string): void {
    checkField((one, kind) => this.isOwn(one, kind), 'add', name, value)
    this.head.add(name, value)
  }

  removeHeader(name: string): void {
    checkField((one, kind) => this.isOwn(one, kind), 'remove', name)
    this.head.remove(name.toLowerCase())
  }
}

export class RequestView extends HeadView implements api.Request {
  #x: Exchange | null = null

  /** One for each exchange, made before it is known. */
  over(x: Exchange): this {
    this.#x = x
    return this
  }

  get #exchange(): Exchange {
    if (this.#x === null) throw new TypeError('the request is over')
    return this.#x
  }

  protected get head(): Editable {
    return this.#exchange.request
  }

  protected isOwn(name: string, kind: Kind): boolean {
    return isOwnOnRequest(name, kind)
  }

  get id(): string {
    return this.#exchange.id
  }
  get method(): string {
    return this.#exchange.request.method
  }
  get host(): string {
    return this.#exchange.request.host
  }
  get path(): string {
    return this.#exchange.request.path
  }
  get query(): string {
    return this.#exchange.request.query
  }
  get scheme(): 'http' | 'https' {
    return this.#exchange.client.scheme
  }
  get client(): string | null {
    return this.#exchange.client.address
  }
  get user(): string | null {
    return this.#exchange.identity?.name ?? null
  }
  get claims(): Readonly<Record<string, unknown>> {
    return this.#exchange.identity?.claims ?? {}
  }
  get listener(): string {
    return this.#exchange.listener.name
  }
  get rule(): string {
    return this.#exchange.rule?.name ?? ''
  }
  get captures(): Readonly<Record<string, string>> {
    const { rule, request } = this.#exchange
    return rule === null ? {} : rule.captures(request.path)
  }
}

export class AnswerView extends HeadView implements api.Answer {
  readonly #head: ResponseHead

  constructor(head: ResponseHead) {
    super()
    this.#head = head
  }

  protected get head(): Editable {
    return this.#head
  }

  protected isOwn(name: string): boolean {
    return isOwnOnAnswer(name)
  }

  get status(): number {
    return this.#head.status
  }
}
