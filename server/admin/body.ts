// What was sent with a request: of a type that the route takes, within its size, JSON where it says so.
import { jsonSlip } from '../config/json-slip.ts'
import { PACE, type Pace, readPaced } from './paced-read.ts'
import { problem } from './problem.ts'
import type { Route } from './route.ts'

const BYTES_MAX = 1024 * 1024
const JSON_TYPES = ['application/json', 'application/merge-patch+json']

/** A body as routes get it, or what stands against it. */
export type Sent = { readonly body: unknown } | { readonly refused: Response }

/** Reads the body of a request for a route, unless it takes none. */
export async function readBody(request: Request, route: Route, pace: Pace = PACE): Promise<Sent> {
  const types = typesOf(route)
  if (request.method === 'GET' || request.method === 'HEAD') return { body: undefined }
  const type = mediaType(request.headers.get('content-type'))
  const max = route.bodyBytesMax ?? BYTES_MAX
  // A length that is said is believed: what is refused is not read.
  if (Number(request.headers.get('content-length') ?? 0) > max) return { refused: tooLarge(max) }
  const bytes = await readPaced(request.body, max, pace)
  if (bytes === 'too_large') return { refused: tooLarge(max) }
  if (bytes === 'too_slow') return { refused: tooSlow() }
  if (bytes === 'cut_off')
    return { refused: problem('body_malformed', 'The client went before the body was whole.') }
  if (bytes.length === 0) return { body: mayBeLeftOut(route) ? {} : undefined }
  if (type !== null && !types.includes(type)) return { refused: otherType(type, types) }
  return isJsonBody(route) ? parsed(bytes) : { body: bytes }
}

/** Whether nothing needs to be said in a body: then none says the same. */
const mayBeLeftOut = (route: Route): boolean =>
  isJsonBody(route) && route.body?.['type'] === 'object' && (route.body['required'] ?? []).length === 0

/** Whether a route gets its body as JSON, parsed and checked; else it gets the bytes. */
export const isJsonBody = (route: Route): boolean =>
  route.body !== undefined && typesOf(route).every((type) => JSON_TYPES.includes(type))

/** The types of bodies that a route takes. */
export function typesOf({ method, body, bodyTypes }: Route): readonly string[] {
  if (bodyTypes !== undefined) return bodyTypes
  if (method === 'PATCH') return ['application/merge-patch+json', 'application/json']
  return body === undefined ? [] : ['application/json']
}

const mediaType = (header: string | null): string | null =>
  header?.split(';', 1)[0]?.trim().toLowerCase() || null

/** Nothing that is configured is as deep; written as YAML, each level would indent all below it. */
const DEPTH_MAX = 32

const [QUOTE, BACKSLASH] = [0x22, 0x5c]
const [OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Whether brackets outside of texts are nested deeper than that. */
function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0
  let isText = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) isText = !isText
    else if (isText) at += byte === BACKSLASH ? 1 : 0
    else if (byte === OPEN_LIST || byte === OPEN_MAP) depth++
    else if (byte === CLOSE_LIST || byte === CLOSE_MAP) depth--
    if (depth > DEPTH_MAX) return true
  }
  return false
}

function parsed(bytes: Uint8Array): Sent {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { refused: problem('body_malformed', 'The body is no UTF-8.') }
  }
  if (isTooDeep(bytes))
    return {
      refused: problem(
        'body_malformed',
        `The body is nested too deeply: ${DEPTH_MAX} levels are the most that is taken.`,
      ),
    }
  try {
    return { body: JSON.parse(text) }
  } catch {
    const slip = jsonSlip(text)
    if (slip === null) return { refused: problem('body_malformed', 'The body is nested too deeply.') }
    const before = text.slice(0, slip.at).split('\n')
    const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
    const message = `found ${slip.found}, allowed is ${slip.allowed}`
    const item = { pointer: '', ...place, message, ...(slip.hint !== null && { hint: slip.hint }) }
    const detail = `The body is no JSON: line ${place.line}, column ${place.column}: ${message}.`
    return { refused: problem('body_malformed', detail, { errors: [item] }) }
  }
}

const tooLarge = (max: number): Response =>
  problem('too_large', `The body is larger than ${max} bytes, which is the most that this path takes.`)

/** The connection ends with it: what is still to come would keep it. */
const tooSlow = (): Response =>
  problem('too_slow', 'The body came too slowly: it has 20 s, and one more for each 8 KiB that came.', {
    headers: { Connection: 'close' },
  })

function otherType(type: string, types: readonly string[]): Response {
  if (types.length === 0)
    return problem('type_not_taken', `This path takes no body; it was sent one of type ${type}.`)
  const hint = `send it with Content-Type: ${types[0]}`
  return problem('type_not_taken', `This path takes ${types.join(', ')}, not ${type}.`, { hint })
}
