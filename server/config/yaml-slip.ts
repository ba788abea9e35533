// What people write into a YAML file that is none, or is read as something else than they mean. Asked when
// there is a problem already.
import type { Slip } from './json-slip.ts'
import { unclosed } from './unclosed.ts'

/**
 * What is wrong with a text as a whole: it is another program's, or another syntax. Null: nothing that we
 * know.
 */
export function wholeSlip(text: string): Slip | null {
  // What a person begins a file with has short lines; in long ones patterns could search for very long.
  const short = text.replace(LONG_LINE, (line) => ' '.repeat(line.length))
  for (const { pattern, found, allowed, hint } of WHOLE) {
    const at = pattern.exec(short)?.index ?? -1
    if (at >= 0) return { at: at + (/\S/.exec(text.slice(at))?.index ?? 0), found, allowed, hint }
  }
  return null
}

const LINE_LENGTH_MAX = 400
const LONG_LINE = new RegExp(`[^\\n]{${LINE_LENGTH_MAX + 1},}`, 'g')

/** What is wrong in the line at `at`, or with what was begun before it. */
export function lineSlip(text: string, at: number): Slip | null {
  const start = text.lastIndexOf('\n', at - 1) + 1
  const end = text.indexOf('\n', at)
  const line = text.slice(start, end < 0 ? text.length : end)
  if (line.length > 10 * LINE_LENGTH_MAX) return null
  for (const { pattern, found, allowed, hint } of IN_LINE) {
    const match = pattern.exec(line)
    if (match === null) continue
    const [whole, before = '', slip = whole] = match
    const named = slip.trim().slice(0, 60)
    const say = (words: string): string => words.replaceAll('%', named)
    return { at: start + match.index + before.length, found: say(found), allowed, hint: say(hint) }
  }
  return null
}

/** The same for a syntax error, of which the reader noticed only what follows from the slip. */
export function syntaxSlip(text: string, at: number): Slip | null {
  return wholeSlip(text) ?? lineSlip(text, at) ?? unclosed(text) ?? lineSlip(text, Math.max(at - 1, 0))
}

const YAML = 'YAML: keys, each with ": " and a value'

const WHOLE = [
  {
    pattern: /^[ \t]*\{%/m,
    found: '"{%" of a template',
    allowed: YAML,
    hint: 'let the template be filled in first, and name what comes of it',
  },
  {
    pattern: /^[ \t]*(?:[A-Za-z_-]+:|-)[ \t]+\{\{/m,
    found: '"{{" of a template',
    allowed: YAML,
    hint: 'let the template be filled in first, or write ${NAME} for an environment variable',
  },
  {
    pattern:
      /^\[\[?[A-Za-z_][\w.-]*\]\]?[ \t]*(?:#.*)?$|^[A-Za-z_][\w.-]*[ \t]*=[ \t]*(?:["'[{0-9]|true|false)/m,
    found: 'TOML',
    allowed: YAML,
    hint: 'give the file a name that ends in .toml',
  },
  {
    pattern: /^[ \t]*(?:server|location|http|events|stream)\b[^:#\n]*\{[ \t]*(?:$|[^}\n]*;)/m,
    found: 'a config of nginx',
    allowed: YAML,
    hint: 'begin with listen: "0.0.0.0:8080" and backends: [{ url: "http://HOST:PORT" }]',
  },
  {
    pattern: /^(?:global|defaults)[ \t]*$|^(?:front-?end|backend|listen)[ \t]+[\w.-]+[ \t]*$/m,
    found: 'a config of HAProxy',
    allowed: YAML,
    hint: 'begin with listen: "0.0.0.0:8080" and backends: [{ url: "http://HOST:PORT" }]',
  },
  {
    pattern: /^[^\s:#]+(?::[0-9]+,?)?(?: [^\s:#]+)*[ \t]*\{[ \t]*$/m,
    found: 'a config of another program, such as a Caddyfile',
    allowed: YAML,
    hint: 'begin with listen: "0.0.0.0:8080" and backends: [{ url: "http://HOST:PORT" }]',
  },
] as const

/** The first group stands before the slip, the second is the slip. */
const IN_LINE = [
  {
    pattern: /^([^#"']*?)([\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]+)/,
    found: 'a blank of another kind (no-break space or the like)',
    allowed: 'plain blanks',
    hint: 'delete it and type a blank',
  },
  {
    pattern: /^([^#"']*[:,[{-][ \t]*)([\u201c\u201d\u2018\u2019\u00ab\u00bb])/,
    found: 'the curved quote %',
    allowed: 'straight quotes',
    hint: 'write " in its place',
  },
  {
    pattern: /^([^#"']*?)(\{\{[^}]*\}?\}?)/,
    found: '"{{" of a template',
    allowed: 'a value',
    hint: 'let the template be filled in first, or write ${NAME} for an environment variable',
  },
  {
    pattern: /^([^#"']*?)(\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\](?::[0-9]+)?)/,
    found: '% without quotes',
    allowed: 'it in quotes: "[" begins a list',
    hint: 'write "%"',
  },
  {
    pattern: /^([ \t]*)(-[A-Za-z_]+:)(?:[ \t]|$)/,
    found: '"%" without a blank',
    allowed: '"- " before each item',
    hint: 'write a blank after "-"',
  },
  {
    pattern: /^([ \t]*(?:- )?)([A-Za-z_]+:)["'[{0-9]/,
    found: '"%" without a blank behind it',
    allowed: 'a key, then ": "',
    hint: 'write a blank after "%"',
  },
] as const
