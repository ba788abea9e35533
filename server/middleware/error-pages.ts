// Pages in place of answers by their status, the gateway's own and servers'.
import { STATUS_CODES } from 'node:http'
import { type Answer, renderAnswer } from '../head/answer.ts'
import { madeHead } from '../head/copy-head.ts'
import { giveHead, type ResponseHead } from '../head/response-head.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Awaited, SubrequestAnswer } from '../http/subrequest-words.ts'
import { isOwnOnAnswer } from '../lib/own-fields.ts'
import { statusTable } from '../lib/status-ranges.ts'
import { sinkOf } from '../rules/template-escapes.ts'
import { template, urlTemplate } from '../rules/template.ts'
import { fileType } from '../tables/file-types.ts'
import type { ErrorPagesConfig, PageWords } from './error-pages.options.ts'
import type { Middleware, StepWorld } from './middleware.ts'

interface Note {
  /** While a backend is asked for a page. */
  asking: Awaited | null
}

/** A page, as it is made for an answer. */
interface Page {
  readonly status: number | null
  make(x: Exchange, head: ResponseHead, note: Note): Made | Promise<Made | null> | null
}

interface Made {
  readonly type: string
  readonly body: string | Uint8Array
}

export function errorPages(options: ErrorPagesConfig, world: StepWorld): Middleware<Note> {
  const { pages, of, api, timeout } = options
  const ways = pages.map((words) => ({
    table: statusTable(words.for),
    page: pageOf(words, timeout, world.textOf),
  }))
  const count = (result: string): void => world.counter('error_pages_total', [result, world.rule]).add(1)

  /** The answer with another body; null: there is no page for it. */
  const replaced = (x: Exchange, head: ResponseHead, status: number, made: Made): Answer => {
    count('replaced')
    return withBody(x, head, status, made)
  }

  return {
    name: 'error_pages',
    note: () => ({ asking: null }),
    explain: () => ({ why: `pages for ${pages.flatMap((page) => page.for).join(', ')}` }),
    cancelled: (_, note) => note.asking?.cancel(),
    response(x, head, note) {
      const { status } = head
      if (status < 400) return undefined
      const page = ways.find(({ table }) => table[status] === 1)?.page
      if (page === undefined) return undefined
      // Servers were asked, and the last of them has answered: what had failed before was made good.
      const isOurs = x.fault !== null || x.attempts === 0
      if ((of === 'ours' && !isOurs) || (of === 'servers' && isOurs)) return undefined
      const wanted = page.status ?? status
      if (api !== 'page' && prefersJson(x.request.get('accept') ?? ''))
        return api === 'problem' && !isOurs ? replaced(x, head, wanted, problemOf(x, wanted)) : undefined
      const made = page.make(x, head, note)
      if (made === null) return undefined
      if (!(made instanceof Promise)) return replaced(x, head, wanted, made)
      return made.then((one) => {
        if (one !== null) return replaced(x, head, wanted, one)
        count('failed')
        return undefined
      })
    },
  }
}

function pageOf(words: PageWords, timeoutMs: number, textOf: StepWorld['textOf']): Page {
  const { body, file, template: page, backend, path = '/', status = null } = words
  if (backend !== undefined) return { status, make: askedOf(backend, path, timeoutMs) }
  const { type = fileType(file ?? page ?? '.html') } = words
  if (file !== undefined) {
    const made = { type, body: Buffer.from(textOf(file), 'latin1') }
    return { status, make: () => made }
  }
  const text = page === undefined ? (body ?? '') : Buffer.from(textOf(page), 'latin1').toString()
  const filled = template(text, sinkOf(type))
  return { status, make: (x) => ({ type, body: filled.filled(x) }) }
}

/** Most bytes of a page. */
const PAGE_BYTES_MAX = 256 * 1024

function askedOf(name: string, path: string, timeoutMs: number): Page['make'] {
  const target = urlTemplate(path)
  return (x, _, note) => {
    const backend = x.snapshot.backends.get(name)
    const authority = x.request.authority.raw.latin1Slice()
    const accept = x.request.get('accept')
    const request = madeHead({
      method: 'GET',
      target: target.filled(x),
      host: authority === '' ? 'localhost' : authority,
      fields: accept === null ? [] : [['Accept', accept]],
    })
    if (backend === undefined || typeof request === 'string') return Promise.resolve(null)
    const asking = x.subrequests.answerOf({
      purpose: 'error_page',
      backend,
      request,
      totalMs: timeoutMs,
      answerBytes: PAGE_BYTES_MAX,
      priority: x.rule?.priority ?? 0,
    })
    note.asking = asking
    return asking.answer.then((answer) => {
      note.asking = null
      return answer.is === 'answer' ? madeOf(answer) : null
    })
  }
}

/** What is no page, or encoded though nobody asked for that, is none for this client. */
function madeOf({ status, head, body }: SubrequestAnswer): Made | null {
  try {
    const isPlain = (head.get('content-encoding') ?? 'identity').toLowerCase() === 'identity'
    if (status < 200 || status > 299 || !isPlain) return null
    return { type: head.get('content-type') ?? 'application/octet-stream', body }
  } finally {
    giveHead(head)
  }
}

const problemOf = ({ id }: Exchange, status: number): Made => ({
  type: 'application/json',
  body: `${JSON.stringify({ status, message: STATUS_CODES[status] ?? '', request_id: id })}\n`,
})

/** JSON is named before HTML, if that is named at all. */
function prefersJson(accept: string): boolean {
  const json = accept.search(/[/+]json\b/i)
  if (json < 0) return false
  const html = accept.search(/text\/html/i)
  return html < 0 || json < html
}

/** Tells of the body that is replaced (RFC 9110 §8, §14.3, RFC 9530). */
const OF_BODY: ReadonlySet<string> = new Set([
  ...['content-type', 'content-encoding', 'content-language', 'content-location', 'content-disposition'],
  ...['content-range', 'content-md5', 'content-digest', 'repr-digest', 'digest', 'accept-ranges'],
  ...['etag', 'last-modified', 'link', 'date'],
])

/** The same answer with this body: its other fields stay, with what steps have set of them. */
function withBody({ fault }: Exchange, head: ResponseHead, status: number, made: Made): Answer {
  const headers: (readonly [string, string])[] = [['Content-Type', made.type]]
  const { fields, edits } = head
  const isKept = (lower: string): boolean => !OF_BODY.has(lower) && !isOwnOnAnswer(lower)
  for (let f = 0; f < fields.count; f++) {
    const name = fields.name(f)
    const lower = name.toLowerCase()
    if (isKept(lower) && edits?.removes(lower) !== true) headers.push([name, fields.value(f)])
  }
  for (const { lower, name, value } of edits?.added ?? []) if (isKept(lower)) headers.push([name, value])
  const answer = { status, headers, body: made.body, fault: null }
  // What was wrong is logged as it was, whatever the page says.
  return {
    ...answer,
    fault: fault?.code ?? null,
    made: renderAnswer(answer, { accept: '', requestId: '', gateway: '' }),
  }
}
