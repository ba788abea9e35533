// What rules rewrite: paths that can be, texts with known variables, and somebody who sees it.
import { readText } from '../lib/template-text.ts'
import type { RewriteConfig } from '../rules/rewrite.options.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import type { Checked } from './checked.ts'
import { capturesOf, checkTemplate, groupsOf } from './check-template.ts'
import { asksNothing } from './shadows.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'

export function checkRewrite(checked: Checked, path: Path, words: RewriteConfig, rule: RuleConfig): void {
  const captures = capturesOf(rule.match)
  if (rule.respond !== undefined || rule.redirect !== undefined)
    checked.report({
      code: 'conflict',
      path,
      found: 'a rewrite of what no server is asked',
      allowed: 'rewrite beside a backend',
      hint: rule.redirect === undefined ? null : '"to" of the redirect may have variables in it',
    })
  checkPrefixes(checked, path, words)
  checkTexts(checked, path, words, captures)
  checkHost(checked, [...path, 'host'], words.host, captures)
  const { query, answers: _, ...others } = words
  if ([...Object.values(query), ...Object.values(others)].every(asksNothing))
    checked.report({
      code: 'missing-key',
      path,
      found: 'a rewrite of nothing',
      allowed: 'strip_prefix, replace_prefix, path, add_prefix, host or query',
    })
}

function checkPrefixes(checked: Checked, path: Path, words: RewriteConfig): void {
  const { strip_prefix: strips, replace_prefix: replace, add_prefix: add } = words
  const isList = checked.written([...path, 'strip_prefix'])?.is === 'list'
  for (const [place, prefix] of strips.entries())
    checkPrefix(checked, [...path, 'strip_prefix', ...(isList ? [place] : [])], prefix)
  if (replace !== undefined) {
    checkPrefix(checked, [...path, 'replace_prefix', 'from'], replace.from)
    checkDots(checked, [...path, 'replace_prefix', 'to'], replace.to)
  }
  if (add !== undefined) checkDots(checked, [...path, 'add_prefix'], add)
  if (strips.length > 0 && replace !== undefined)
    checked.report({
      code: 'conflict',
      path: [...path, 'replace_prefix'],
      found: 'strip_prefix and replace_prefix in one rewrite',
      allowed: 'one of them',
      hint: 'replace_prefix takes off what it puts something in the place of; add_prefix goes with strip_prefix',
    })
}

function checkPrefix(checked: Checked, path: Path, prefix: string): void {
  if (isStandIn(prefix)) return
  if (/^\/*$/.test(prefix))
    return checked.report({
      code: 'wrong-value',
      path,
      found: `${checked.quoted(path, prefix)}, which every path begins with`,
      allowed: 'a path with a name in it, such as "/api"',
      hint: 'write add_prefix to put something before all paths',
    })
  checkDots(checked, path, prefix)
}

/** Requests have lost them when they are compared, and servers take them for a way up. */
function checkDots(checked: Checked, path: Path, text: string): void {
  if (isStandIn(text)) return
  const isBad = /%(?![0-9A-Fa-f]{2})|%00|\\/.test(text)
  if (!isBad && !/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(text)) return
  checked.report({
    code: 'wrong-value',
    path,
    found: `${checked.quoted(path, text)}, which ${isBad ? 'can be no path' : 'has dot segments'}`,
    allowed: 'a path without "." and ".." as its segments, escapes whole',
  })
}

function checkTexts(checked: Checked, path: Path, words: RewriteConfig, captures: readonly string[]): void {
  const ground = { from: 'request', captures } as const
  const { replace_prefix: replace, path: whole, add_prefix: add, query } = words
  if (replace !== undefined) checkTemplate(checked, [...path, 'replace_prefix', 'to'], replace.to, ground)
  if (add !== undefined) checkTemplate(checked, [...path, 'add_prefix'], add, ground)
  if (typeof whole === 'string') {
    checkTemplate(checked, [...path, 'path'], whole, ground)
    checkDots(checked, [...path, 'path'], whole)
  } else if (whole !== undefined) checkRegex(checked, [...path, 'path'], whole, captures)
  for (const kind of ['set', 'add'] as const)
    for (const [name, value] of Object.entries(query[kind]))
      checkTemplate(checked, [...path, 'query', kind, name], value, ground)
}

function checkRegex(
  checked: Checked,
  path: Path,
  { regex, to }: Exclude<NonNullable<RewriteConfig['path']>, string>,
  captures: readonly string[],
): void {
  const here = [...path, 'to']
  if (isStandIn(to) || isStandIn(regex)) return
  const groups = ['0', ...groupsOf(regex)]
  checkTemplate(checked, here, to, { from: 'request', captures, groups })
  if (!/\$[0-9&]|\\[0-9]|\$\{[A-Za-z0-9]+\}|\$</.test(to)) return
  checked.warn({
    code: 'wrong-value',
    path: here,
    found: `${checked.said(here, to)}, which has no group of the pattern in it`,
    allowed: 'groups in braces: {group.1}, {group.NAME}',
    hint: checked.isSubstituted(here)
      ? null
      : `write ${JSON.stringify(to.replace(/\$([0-9])|\\([0-9])/g, '{group.$1$2}').slice(0, 200))}`,
  })
}

function checkHost(
  checked: Checked,
  path: Path,
  host: string | undefined,
  captures: readonly string[],
): void {
  if (host === undefined || isStandIn(host)) return
  checkTemplate(checked, path, host, { from: 'request', captures })
  const parts = readText(host)
  const fixed = parts.map((part) => (part.is === 'text' ? part.text : 'a')).join('')
  if (/^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/.test(fixed)) return
  checked.report({
    code: 'wrong-value',
    path,
    found: `${checked.said(path, host)}, which is no host`,
    allowed: 'host or host:port, without a scheme',
  })
}
