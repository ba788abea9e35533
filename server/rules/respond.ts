// Answers that a rule gives itself: text, a file, or a template that is filled in for each request.
import type { Answer } from '../head/answer.ts'
import { fileType } from '../tables/file-types.ts'
import type { RuleConfig } from './rule.options.ts'
import { template } from './template.ts'
import { sinkOf } from './template-escapes.ts'
import type { Told } from './variables.ts'

export interface Respond {
  readonly status: number
  answer(x: Told): Answer
}

type Words = NonNullable<RuleConfig['respond']>

/**
 * Compiles such an answer; `textOf`: the bytes of a file, one character each. Throws where there are none,
 * and a RangeError on a variable that is not known.
 */
export function respond(words: Words, textOf: (path: string) => string): Respond {
  const { status, body, file, template: page, headers } = words
  if (file !== undefined) return ofFile(words, file, Buffer.from(textOf(file), 'latin1'))
  if (page !== undefined) return ofTemplate(words, page, Buffer.from(textOf(page), 'latin1').toString('utf8'))
  return fixed(status, body, fieldsOf(headers, body === '' ? {} : { 'Content-Type': PLAIN }))
}

const PLAIN = 'text/plain; charset=utf-8'

/** It is made for each who asks: no cache is to give it to another. */
function ofTemplate({ status, headers }: Words, path: string, text: string): Respond {
  const type = fileType(path)
  const made = template(text, sinkOf(type))
  const fields = fieldsOf(headers, { 'Content-Type': type, 'Cache-Control': 'no-store' })
  return { status, answer: (x) => ({ status, headers: fields(x), body: made.filled(x), fault: null }) }
}

/** RFC 9110 §13.1.2: who has it already is told so. */
function ofFile({ status, headers }: Words, path: string, bytes: Buffer): Respond {
  const tag = `"${new Bun.CryptoHasher('sha256').update(bytes).digest('base64url').slice(0, TAG_CHARS)}"`
  const fields = fieldsOf(headers, { 'Content-Type': fileType(path), ETag: tag })
  const whole = fixed(status, bytes, fields)
  if (status !== 200) return whole
  const same: Fields = (x) => fields(x).filter(([name]) => name.toLowerCase() !== 'content-type')
  return {
    status,
    answer: (x) =>
      hasAlready(x, tag) ? { status: 304, headers: same(x), body: '', fault: null } : whole.answer(x),
  }
}

const TAG_CHARS = 27

function hasAlready({ request }: Told, tag: string): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  const known = request.get('if-none-match')
  if (known === null) return false
  return known === '*' || known.split(',').some((one) => one.trim().replace(/^W\//, '') === tag)
}

type Fields = ((x: Told) => Answer['headers']) & { readonly fixed?: Answer['headers'] }

/** Fields of an answer; `usual`: those that it has where the config says nothing of them. */
function fieldsOf(words: Readonly<Record<string, string>>, usual: Readonly<Record<string, string>>): Fields {
  const named = new Set(Object.keys(words).map((name) => name.toLowerCase()))
  const others = Object.entries(usual).filter(([name]) => !named.has(name.toLowerCase()))
  const texts = [...Object.entries(words), ...others].map(([name, value]) => {
    return [name, template(value, 'field')] as const
  })
  const all = texts.flatMap(([name, value]) => (value.fixed === null ? [] : [[name, value.fixed] as const]))
  if (all.length === texts.length) return Object.assign(() => all, { fixed: all })
  return (x) =>
    texts.flatMap(([name, value]) => {
      const made = value.whole(x)
      return made === null ? [] : [[name, made] as const]
    })
}

/** The same for all, but for variables in its fields. */
function fixed(status: number, body: Answer['body'], fields: Fields): Respond {
  if (fields.fixed === undefined)
    return { status, answer: (x) => ({ status, headers: fields(x), body, fault: null }) }
  const answer = { status, headers: fields.fixed, body, fault: null }
  return { status, answer: () => answer }
}
