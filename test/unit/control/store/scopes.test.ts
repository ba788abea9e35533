import { expect, test } from 'bun:test'
import { whyNoScope } from '../../../../server/control/store/scopes.ts'

test('scopes are resources, not patterns', () => {
  for (const scope of ['*', 'metrics', 'backends/api', 'backends/api/*', 'backends/*'])
    expect(whyNoScope(scope)).toBeNull()
  for (const scope of [
    '',
    '/',
    '/backends',
    'backends/',
    'a/*/b',
    'a*',
    '**',
    'a//b',
    '../x y',
    'a'.repeat(201),
  ])
    expect(whyNoScope(scope)).toContain('backends/api/*')
})

test('one of what the API does not have is refused with what there is, and what was probably meant', () => {
  expect(whyNoScope('nonsense')).toStartWith(
    '"nonsense" would touch nothing: a scope begins with _health, _metrics, _overview, audit, auth, backends, ',
  )
  expect(whyNoScope('nonsense')).toEndWith(', or is *')
  expect(whyNoScope('backend/api/*')).toEndWith('; did you mean "backends/api/*"?')
  // What it names may come later.
  expect(whyNoScope('backends/not-yet/servers/a')).toBeNull()
})
