// Where a request comes in that is only known by its URL.
import type { Config } from '../../config/schema.ts'
import type { HttpListenerConfig } from '../../http/listener.options.ts'
import { parseBind } from '../../lib/bind.ts'
import type { AskedRequest, UrlParts } from './asked-request.ts'

export interface FoundListener {
  readonly name: string
  readonly options: HttpListenerConfig
  /** Why this one. */
  readonly why: string
}

/** Real ports of a listener, where they are known. */
export type PortsOf = (listener: string) => readonly number[]

const ONLY_ONE = 'the only one that speaks HTTP'

/** The listener, or why there is none. */
export function findListener(
  { listeners }: Pick<Config, 'listeners'>,
  { listener }: Pick<AskedRequest, 'listener'>,
  { scheme, port, hasPort }: UrlParts,
  portsOf: PortsOf,
): FoundListener | { readonly problem: string } {
  const all = Object.entries(listeners).flatMap(([name, options]) =>
    options.protocol === 'http' || options.protocol === 'https' ? [{ name, options }] : [],
  )
  if (listener !== null) {
    const named = all.find(({ name }) => name === listener)
    return named === undefined
      ? { problem: whyNotNamed(listener, listeners) }
      : { ...named, why: 'it was named' }
  }
  const [first] = all
  if (first === undefined) return { problem: 'no listener speaks HTTP' }
  if (all.length === 1) {
    const isElsewhere = hasPort && !isAt(port, first.options, portsOf(first.name))
    return { ...first, why: isElsewhere ? `none is at port ${port}: ${ONLY_ONE}` : `it is ${ONLY_ONE}` }
  }
  const ofPort = all.filter(({ name, options }) => isAt(port, options, portsOf(name)))
  const ofScheme = (list: typeof all): typeof all => list.filter(({ options }) => options.protocol === scheme)
  const [exact] = [...ofScheme(ofPort), ...ofPort]
  if (exact !== undefined) return { ...exact, why: `it is at port ${port}` }
  const [spoken, another] = ofScheme(all)
  if (spoken === undefined) return { ...first, why: `none is at port ${port}: the first one of HTTP` }
  return {
    ...spoken,
    why: `none is at port ${port}: the ${another === undefined ? 'only' : 'first'} one of ${scheme}`,
  }
}

function isAt(port: number, { bind }: HttpListenerConfig, real: readonly number[]): boolean {
  const binds = typeof bind === 'string' ? [bind] : bind
  return real.includes(port) || binds.some((one) => parseBind(one).port === port)
}

function whyNotNamed(name: string, listeners: Config['listeners']): string {
  const known = Object.hasOwn(listeners, name) ? listeners[name] : undefined
  if (known !== undefined)
    return `listener "${name}" speaks ${known.protocol}: only requests of HTTP are explained`
  return `there is no listener "${name}"; there are: ${Object.keys(listeners).slice(0, 20).join(', ')}`
}
