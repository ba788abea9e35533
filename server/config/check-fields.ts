// Header fields that config must leave alone: those that frame a message, or belong to one connection.
import type { HeadersConfig } from '../middleware/headers.options.ts'
import type { Checked } from './checked.ts'
import { checkVariables } from './check-variables.ts'
import type { Path } from './tree.ts'

/** RFC 9110 §7.6.1 and RFC 9112 §6: we write these ourselves. */
const OURS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

type Edits = HeadersConfig['request']

/** Checks what a headers step does. */
export function checkHeaderEdits(checked: Checked, path: Path, { request, response }: HeadersConfig): void {
  for (const [of, edits] of [
    ['request', request],
    ['response', response],
  ] as const)
    for (const kind of ['set', 'add'] as const)
      for (const [name, value] of Object.entries(edits[kind]))
        checkVariables(
          checked,
          [...path, of, kind, name],
          value,
          of === 'request' ? FOR_REQUESTS : FOR_ANSWERS,
        )
  checkEdits(checked, [...path, 'request'], request, isRefusedOnRequest)
  checkEdits(checked, [...path, 'response'], response, (name) => isRefusedOnAnswer(name))
  const host = Object.entries(request.set).find(([name]) => name.toLowerCase() === 'host')
  if (host === undefined || /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/.test(host[1])) return
  const here = [...path, 'request', 'set', host[0]]
  checked.report({
    code: 'wrong-value',
    path: here,
    found: 'a value that is no host',
    allowed: 'host or host:port',
  })
}

/** Checks fields of an answer or request that config writes whole. */
export function checkFields(
  checked: Checked,
  path: Path,
  fields: Readonly<Record<string, string>>,
  of: 'request' | 'answer',
): void {
  for (const [name, value] of Object.entries(fields)) {
    checkVariables(checked, [...path, name], value, FOR_ANSWERS)
    const isRefused = of === 'answer' ? isRefusedOnAnswer(name) : isRefusedOnRequest(name, 'set')
    if (isRefused) report(checked, [...path, name], JSON.stringify(name))
  }
}

const FOR_REQUESTS =
  'servers are told of the client by X-Forwarded-For, -Host, -Proto and -Port: see "forwarded" of listeners'
const FOR_ANSWERS = 'write ${NAME} for an environment variable of the gateway'

type Kind = keyof Edits

function checkEdits(
  checked: Checked,
  path: Path,
  { set, add, remove }: Edits,
  isRefused: (name: string, kind: Kind) => boolean,
): void {
  for (const name of Object.keys(set))
    if (isRefused(name, 'set')) report(checked, [...path, 'set', name], JSON.stringify(name))
  for (const name of Object.keys(add))
    if (isRefused(name, 'add')) report(checked, [...path, 'add', name], JSON.stringify(name))
  for (const [index, name] of remove.entries())
    if (isRefused(name, 'remove'))
      report(checked, [...path, 'remove', index], checked.quoted([...path, 'remove', index], name))
}

function isRefusedOnRequest(name: string, kind: Kind): boolean {
  const lower = name.toLowerCase()
  // Exactly one Host is a must (RFC 9112 §3.2): it may be replaced, not doubled or taken away.
  if (lower === 'host') return kind !== 'set'
  return lower === 'expect' || OURS.has(lower)
}

function isRefusedOnAnswer(name: string): boolean {
  const lower = name.toLowerCase()
  return lower === 'host' || OURS.has(lower)
}

function report(checked: Checked, path: Path, quoted: string): void {
  checked.report({
    code: 'conflict',
    path,
    found: `the field ${quoted}`,
    allowed: 'fields that do not frame the message or belong to the connection',
    hint: 'the gateway writes it itself',
  })
}
