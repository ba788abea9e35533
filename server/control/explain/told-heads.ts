// Heads as they would be written, with what steps have done to them.
import { isSecretField } from '../../config/secret-field.ts'
import type { RequestHead } from '../../head/request-head.ts'
import type { ResponseHead } from '../../head/response-head.ts'
import type { AskedRequest } from './asked-request.ts'
import type { Explained, ExplainedSent } from './explained.ts'

type Named = Explained['headers']

/** With what steps have set, as it would be written. */
export function fieldsOf({ fields, edits }: RequestHead | ResponseHead): Named {
  const all: (readonly [string, string])[] = []
  for (let at = 0; at < fields.count; at++) {
    const name = fields.name(at)
    if (edits === null || !edits.removes(name.toLowerCase())) all.push([name, fields.value(at)])
  }
  return [...all, ...addedTo(edits)]
}

/** Whole lines, as they are written: what breaks one is escaped there. */
const addedTo = (edits: RequestHead['edits']): Named =>
  (edits?.added ?? []).map(({ line }) => {
    const colon = line.indexOf(':')
    return [
      line.toString('latin1', 0, colon),
      line.toString('utf8', colon + 1, line.length - 2).trim(),
    ] as const
  })

/** A request as a server gets it. */
export function sentAs(request: RequestHead): ExplainedSent {
  const { method, target, rewritten, edits } = request
  return {
    method,
    target: rewritten ?? target,
    host: request.get('host') ?? '',
    set: addedTo(edits),
    removed: (edits?.removed ?? []).map((name) => name.toString('latin1')),
    fields: fieldsOf(request),
  }
}

/**
 * Values of fields that carry credentials are not told to whoever asks; nor are those that steps give to
 * servers, but for what the request itself has in it: they may have been filled in from the environment.
 * `tellsAll`: who asks has that, as the config itself.
 */
export function withoutSecrets<T extends Explained>(told: T, asked: AskedRequest, tellsAll = false): T {
  const hidden = (fields: Named): Named =>
    fields.map(([name, value]) => [name, isSecretField(name) ? HIDDEN : value])
  const { headers, sent } = told
  if (sent === null || tellsAll)
    return { ...told, headers: hidden(headers), sent: sent && hiddenIn(sent, hidden) }
  const given = [asked.method, asked.url, asked.client ?? '', ...asked.headers.flat()].join('\n')
  const names = new Set(sent.set.map(([name]) => name.toLowerCase()))
  const isOwn = (name: string, value: string): boolean =>
    names.has(name.toLowerCase()) && !given.includes(value)
  const unfilled = (fields: Named): Named =>
    hidden(fields).map(([name, value]) => [name, isOwn(name, value) && value !== HIDDEN ? SET : value])
  return { ...told, headers: hidden(headers), sent: hiddenIn(sent, unfilled) }
}

const HIDDEN = '(a secret, hidden)'
const SET = '(set by a step)'

const hiddenIn = (sent: ExplainedSent, hide: (fields: Named) => Named): ExplainedSent => ({
  ...sent,
  set: hide(sent.set),
  fields: hide(sent.fields),
})
