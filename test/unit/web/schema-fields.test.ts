import { expect, test } from 'bun:test'
import {
  beginningOf,
  isSame,
  kindOf,
  merged,
  patchOf,
  pointerOf,
  type Schema,
  shownAs,
  variantNames,
  variantOf,
} from '../../../web/parts/schema-fields.ts'

const text: Schema = { type: 'string' }

test('each shape of a schema has its control', () => {
  const kinds = (schema: Schema): string => kindOf(schema, undefined).is
  expect(kinds({ type: 'boolean' })).toBe('switch')
  expect(kinds({ type: 'integer' })).toBe('number')
  expect(kinds({ type: 'string', format: 'duration' })).toBe('amount')
  expect(kinds({ type: 'string', format: 'size' })).toBe('amount')
  expect(kinds({ enum: ['a', 'b'] })).toBe('choice')
  expect(kinds({ anyOf: [{ const: 'a' }, { const: 'b' }] })).toBe('choice')
  expect(kinds({ anyOf: [text, { type: 'boolean' }] })).toBe('variants')
  expect(kinds({ type: 'array', items: text })).toBe('texts')
  expect(kinds({ type: 'array', items: { type: 'object', properties: { a: text } } })).toBe('objects')
  expect(kinds({ type: 'object', additionalProperties: text })).toBe('pairs')
  expect(kinds({ type: 'object', patternProperties: { '.*': text } })).toBe('pairs')
  expect(kinds({ type: 'object', properties: { a: text } })).toBe('object')
})

test('a shape that no control fits, and a value that does not fit its control, are edited as JSON', () => {
  expect(kindOf({}, undefined).is).toBe('json')
  expect(kindOf({ type: 'array', items: { type: 'array' } }, undefined).is).toBe('json')
  expect(kindOf({ type: 'string' }, 5).is).toBe('json')
  expect(kindOf({ type: 'array', items: text }, ['a', 1]).is).toBe('json')
  expect(kindOf({ type: 'object', additionalProperties: text }, { a: 1 }).is).toBe('json')
})

test('the variant of a value is the one whose fixed words and required fields it has', () => {
  const schemas: Schema[] = [
    { type: 'object', properties: { kind: { const: 'file' }, path: text }, required: ['kind'] },
    { type: 'object', properties: { kind: { const: 'env' }, name: text }, required: ['kind'] },
    text,
  ]
  expect(variantOf(schemas, { kind: 'env', name: 'KEY' })).toBe(1)
  expect(variantOf(schemas, { kind: 'file' })).toBe(0)
  expect(variantOf(schemas, 'plain')).toBe(2)
})

test('shapes are called as people would, and one of one word begins with it', () => {
  const settings: Schema = { type: 'object', properties: { a: text } }
  const auth: Schema[] = [{ const: 'none' }, settings]
  expect(variantNames(auth)).toEqual(['none', 'settings'])
  expect(variantNames([{ const: false }, settings, { ...settings }])).toEqual([
    'off',
    'settings',
    'settings (2)',
  ])
  expect(
    variantNames([text, { type: 'array' }, { type: 'boolean' }, { title: 'By name', type: 'object' }]),
  ).toEqual(['a text', 'a list', 'on or off', 'By name'])
  expect(auth.map(beginningOf)).toEqual(['none', {}])
  expect(beginningOf({ const: false })).toBe(false)
  expect([variantOf([{ const: false }, settings], false), variantOf(auth, 'none')]).toEqual([0, 0])
  expect(variantOf(auth, { a: 'x' })).toBe(1)
})

test('a patch has the changed field and nothing else; what is emptied is null', () => {
  expect(patchOf(['health_check', 'interval'], '5s')).toEqual({ health_check: { interval: '5s' } })
  expect(patchOf(['weight'], undefined)).toEqual({ weight: null })
})

test('a patch changes its field and leaves all others, in the value that it is made for', () => {
  const value = { name: 'api', health_check: { path: '/', interval: '10s' }, list: [1, 2] }
  const next = merged(value, patchOf(['health_check', 'interval'], '5s'))
  expect(next).toEqual({ name: 'api', health_check: { path: '/', interval: '5s' }, list: [1, 2] })
  expect(merged(next, patchOf(['health_check'], undefined))).toEqual({ name: 'api', list: [1, 2] })
  expect(value.health_check.interval).toBe('10s')
})

test('errors are found by pointers whose names are escaped', () => {
  expect(pointerOf(['headers', 'a/b', '~'])).toBe('/headers/a~1b/~0')
})

test('values are the same whatever the order of their names', () => {
  expect(isSame({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 })).toBeTrue()
  expect(isSame({ a: undefined }, { b: undefined })).toBeFalse()
  expect(isSame([1, 2], [1, 2, 3])).toBeFalse()
})

test('what a field was is said in a few words', () => {
  expect([undefined, true, '10s', 3, ['a']].map(shownAs)).toEqual(['', 'on', '10s', '3', 'a'])
})
