import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { Duration, FieldValue, FilePath, Name, OneOrMore, Words } from '../lib/kinds.ts'
import { statusRange } from '../lib/status-ranges.ts'

const Page = Type.Object(
  {
    for: OneOrMore(
      Type.Unsafe<string>({
        type: ['string', 'integer'],
        format: 'status-range',
        description: 'A status or a range: 404, "502-504", "5xx".',
      }),
      'Statuses from 400 on that it stands for; of several pages the first one is taken.',
    ),
    body: Type.Optional(
      Type.String({
        maxLength: 262_144,
        description: 'The page, with variables in braces, whose values are escaped for its type.',
      }),
    ),
    file: Type.Optional(
      FilePath({
        description: 'A file of at most 1 MiB in place of the body. A change of it takes effect at once.',
      }),
    ),
    template: Type.Optional(
      FilePath({ description: 'A text file with variables, escaped by what its name says it is.' }),
    ),
    backend: Type.Optional(
      Name({ description: 'Whose servers are asked for the page; where none gives it, what came stays.' }),
    ),
    path: Type.Optional(
      Type.String({
        pattern: '^/[!-~]{0,2047}$',
        allowed: 'a path, perhaps with a query',
        description: 'Path of the page at the backend; {status} and other variables may stand in it.',
      }),
    ),
    type: Type.Optional(
      FieldValue({
        description:
          'Content-Type. Left out: HTML of a body, what its name says of a file, what it says itself of a backend.',
      }),
    ),
    status: Type.Optional(
      Type.Integer({
        minimum: 200,
        maximum: 599,
        description: 'In place of the status; left out: it stays.',
      }),
    ),
  },
  {
    description: 'A body, a file, a template, or a page of a backend.',
    also: {
      statuses: 'for',
      codes: 'for',
      content: 'body',
      content_type: 'type',
      service: 'backend',
      uri: 'path',
    },
  },
)

export const ErrorPagesOptions = Type.Object(
  {
    pages: Type.Array(Page, { minItems: 1, maxItems: 64, description: 'Pages, the most particular first.' }),
    of: Words(['both', 'ours', 'servers'], {
      default: 'both',
      description: 'Whose answers: those of the gateway itself, of servers, or both.',
    }),
    api: Words(['keep', 'problem', 'page'], {
      default: 'keep',
      description:
        'What clients get that name JSON before HTML in Accept. keep: what there is, the JSON of the gateway or a server’s own body. problem: of servers’ answers JSON with the status and the id of the request, so that nothing of theirs is told. page: the page.',
      said: { json: 'write problem' },
    }),
    timeout: Duration({
      default: '2s',
      least: '1ms',
      most: '25s',
      description: 'How long a backend may take to give a page.',
    }),
  },
  {
    description:
      'Puts pages in place of answers by their status; of servers, too. Fields of an answer that do not tell of its body stay (Set-Cookie, WWW-Authenticate, Retry-After and others).',
    usual: { pages: [{ for: '5xx', body: '<h1>{status}</h1>' }] },
    also: { errors: 'pages', source: 'of', json: 'api' },
  },
)
export type ErrorPagesConfig = Static<typeof ErrorPagesOptions>
export type PageWords = ErrorPagesConfig['pages'][number]

export function checkErrorPages({ pages }: ErrorPagesConfig, where: Where): void {
  for (const [index, page] of pages.entries()) checkPage(page, ['pages', index], where)
}

function checkPage(page: PageWords, path: (string | number)[], where: Where): void {
  const { body, backend, path: target } = page
  for (const [at, word] of page.for.entries()) checkStatus(word, [...path, 'for', at], where)
  where.checkText([...path, 'body'], body ?? '', 'answer')
  if (page.file !== undefined) where.checkFile([...path, 'file'], page.file)
  if (page.template !== undefined) where.checkTemplateFile([...path, 'template'], page.template, 'answer')
  where.checkText([...path, 'path'], target ?? '', 'answer')
  const says = ['body', 'file', 'template', 'backend'].filter((key) => where.kindOf([...path, key]) !== null)
  if (where.kindOf(path) !== 'map') return
  if (says.length !== 1)
    where.report(path, {
      code: 'conflict',
      found: says.length === 0 ? 'none of body, file, template and backend' : `both ${says.join(' and ')}`,
      allowed: 'one of them',
      hint: null,
    })
  else if (backend !== undefined && target === undefined)
    where.report(path, {
      code: 'missing-key',
      found: 'a backend without a path',
      allowed: 'backend and path',
      hint: 'path: /errors/{status}.html',
    })
  else if (backend === undefined && target !== undefined)
    where.report([...path, 'path'], {
      code: 'conflict',
      found: 'a path without a backend',
      allowed: 'backend and path, or a body',
      hint: null,
    })
}

/** One that is no range is told already. */
function checkStatus(word: string, path: (string | number)[], where: Where): void {
  try {
    const [from, to] = statusRange(String(word))
    if (from >= 400 && to <= 599) return
  } catch {
    return
  }
  where.report(path, {
    code: 'wrong-value',
    found: where.quoted(path, String(word)),
    allowed: 'statuses from 400 to 599',
    hint: 'answers of other statuses are no errors',
  })
}
