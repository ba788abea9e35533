import { expect, test } from 'bun:test'
import { KNOWN } from '../../../server/head/known-fields.ts'
import { rewrite } from '../../../server/rules/rewrite.ts'
import type { RewriteConfig } from '../../../server/rules/rewrite.options.ts'
import { type Going, rewriteRequest } from '../../../server/rules/rewriting.ts'
import { told, type ToldParts } from '../../support/told.ts'

const WORDS: RewriteConfig = {
  strip_prefix: ['/api'],
  query: { remove: [], rename: {}, set: {}, add: {} },
  answers: { location: true, cookie_path: true, cookie_domain: {} },
}

function going(parts: ToldParts): Going {
  const x = told(parts)
  return { ...x, rule: x.rule && { ...x.rule, rewrite: null }, rewritten: null }
}

/** What servers are told of the prefix, by a request that says this of one itself. */
function prefixOf(said: string | null, isBelieved = true): string | null {
  const x = going({ target: '/api/a', fields: said === null ? [] : [`X-Forwarded-Prefix: ${said}`] })
  if (!isBelieved) x.request.fields.hidden |= 1 << KNOWN.xForwardedOther
  expect(rewriteRequest(x, rewrite(WORDS))).toBe(true)
  expect(x.request.rewritten).toBe('/a')
  return x.request.get('x-forwarded-prefix')
}

test('servers are told what was stripped, behind what a trusted proxy has stripped before', () => {
  expect(prefixOf(null)).toBe('/api')
  expect(prefixOf('/outer/')).toBe('/outer/api')
  expect(prefixOf('/outer', false)).toBe('/api')
  for (const odd of ['outer', '/a,/b', '/a b', `/${'a'.repeat(2000)}`]) expect(prefixOf(odd)).toBe('/api')
})

test('what is not stripped is not told of', () => {
  const x = going({ target: '/other' })
  expect(rewriteRequest(x, rewrite(WORDS))).toBe(true)
  expect([x.request.rewritten, x.request.edits]).toEqual([null, null])
})
