// A page for each problem code, for whoever follows the `type` of a problem.
import { type ProblemCode, PROBLEMS } from './problem-codes.ts'
import { problem } from './problem.ts'

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:42em;margin:3em auto;padding:0 1em;color-scheme:light dark}'

/** All codes with their titles. */
export function problemsPage(): Response {
  const rows = Object.entries(PROBLEMS).map(
    ([code, { status, title }]) =>
      `<li>${status} <a href="/_admin/problems/${code}">${code}</a>: ${escaped(title)}`,
  )
  return page('Problems', `<ul>${rows.join('\n')}</ul>`)
}

/** What one means and what to do. */
export function problemPage(code: string): Response {
  if (!isCode(code)) return problem('not_found', `There is no problem of code ${code.slice(0, 100)}.`)
  const { status, title, help } = PROBLEMS[code]
  return page(title, `<p><code>${code}</code>, status ${status}</p>\n<p>${marked(help)}</p>`)
}

const isCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code)

function page(title: string, body: string): Response {
  const head = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><style>${STYLE}</style>`
  return new Response(`${head}\n<h1>${escaped(title)}</h1>\n${body}\n`, {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    },
  })
}

const escaped = (text: string): string => Bun.escapeHTML(text)

/** With `code` as such. */
const marked = (text: string): string =>
  escaped(text).replaceAll(/`([^`]+)`|&#x60;(.+?)&#x60;/g, '<code>$1$2</code>')
