// Heads as they would be written, with what steps have done to them.
import { isSecretField } from '../../config/secret-field.ts'
import type { RequestHead } from '../../head/request-head.ts'
import type { ResponseHead } from '../../head/response-head.ts'
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

/** Values of fields that carry credentials are not told to whoever asks. */
export function withoutSecrets<T extends Explained>(told: T): T {
  const hidden = (fields: Named): Named =>
    fields.map(([name, value]) => [name, isSecretField(name) ? '(a secret, hidden)' : value])
  const { headers, sent } = told
  return {
    ...told,
    headers: hidden(headers),
    sent: sent && { ...sent, set: hidden(sent.set), fields: hidden(sent.fields) },
  }
}
