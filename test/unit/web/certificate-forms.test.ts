// What is put in for a certificate: texts that are sorted out, names before a CA is asked, and what was done.
import { signal } from '@preact/signals'
import { expect, test } from 'bun:test'
import { checksOf } from '../../../web/pages/certificates/acme-checks.ts'
import { acmeOf, errorsOf, type Wish } from '../../../web/pages/certificates/acme-wish.ts'
import {
  convertPfx,
  isPfxFile,
  nameFor,
  pemParts,
  withoutKeys,
} from '../../../web/pages/certificates/pem-parts.ts'
import { stagesOf } from '../../../web/pages/certificates/step-words.ts'

const block = (label: string, text = 'AAAA'): string =>
  `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----`

test('a chain and a key are told apart in whatever order, from files with other things around', () => {
  const text = [
    'Bag Attributes',
    block('EC PARAMETERS'),
    block('EC PRIVATE KEY', 'SECRET'),
    block('CERTIFICATE', 'ONE'),
    'subject=/CN=x',
    block('CERTIFICATE', 'TWO'),
    block('CERTIFICATE', 'ONE'),
  ].join('\n')
  const parts = pemParts(text)
  expect(parts).toMatchObject({ certificates: 2, keys: 1, strange: [], isPfx: false, isNothing: false })
  expect(parts.chain).toBe(`${block('CERTIFICATE', 'ONE')}\n${block('CERTIFICATE', 'TWO')}\n`)
  expect(parts.key).toContain('SECRET')
  expect(withoutKeys(text)).not.toContain('SECRET')
  // What is shown instead of a key is none.
  expect(pemParts(withoutKeys(text)).keys).toBe(0)
})

test('what is no PEM is told: requests, PFX, other texts', () => {
  expect(pemParts(block('CERTIFICATE REQUEST')).strange).toEqual(['CERTIFICATE REQUEST'])
  expect(pemParts(`MIIJ${'A'.repeat(60)}==`)).toMatchObject({ isPfx: true, isNothing: false })
  expect(pemParts('hello').isNothing).toBe(true)
  expect(pemParts('').isNothing).toBe(false)
  expect(isPfxFile('a.p12', new Uint8Array([0, 0]))).toBe(true)
  expect(isPfxFile('a.pem', new Uint8Array([0x30, 0x82]))).toBe(true)
  expect(isPfxFile('a.pem', new Uint8Array([45, 45]))).toBe(false)
  expect(convertPfx('a.pfx')).toBe('openssl pkcs12 -in a.pfx -nodes -out pair.pem')
})

test('a name for the config is made of the names, and not one that is there', () => {
  expect(nameFor(['*.shop.example.com'], [])).toBe('shop-example-com')
  expect(nameFor(['shop.example.com'], ['shop-example-com'])).toBe('shop-example-com-2')
  expect(nameFor([], [])).toBe('certificate')
})

const WISH = { domains: ['shop.example.com'], challenge: 'http-01', directory: 'letsencrypt', profile: '' }
const web = { name: 'web', protocol: 'http', bind: ['0.0.0.0:80'] }

test('names are looked at before a CA is asked', () => {
  const states = (wish: Partial<typeof WISH>, listeners = [web]): (readonly [string, string])[] =>
    checksOf({ ...WISH, ...wish }, listeners).map(({ state, title }) => [state, title])
  expect(states({})[0]).toEqual(['up', 'Listener web is open at port 80'])
  expect(states({ domains: ['*.example.com'] })[0]).toEqual(['down', '*.example.com needs dns-01'])
  expect(states({ domains: ['shop.local'] })[0]).toEqual(['down', 'No public CA knows shop.local'])
  expect(states({ domains: ['shop.local'], directory: 'https://ca.local/dir' })[0]![0]).toBe('up')
  expect(states({}, [])[0]).toEqual(['down', 'No listener answers http-01'])
  expect(states({}, [{ ...web, bind: ['0.0.0.0:8080'] }])[0]).toEqual([
    'warn',
    'No listener is open at port 80',
  ])
  expect(states({ challenge: 'dns-01' }, [])).toHaveLength(1)
  expect(states({ domains: ['203.0.113.1'] })[0]![0]).toBe('warn')
})

const step = (stage: string, text: string, ms: number | null = 10) => ({
  ...{ time: '2026-11-30T12:00:00Z', step: text, stage, took_ms: ms },
})

test('the stage that failed is the one behind the last that is done, and what follows was not done', () => {
  const run = {
    ...{ started: '', ended: '', outcome: 'failed', why: '404', reached: 'order' },
    steps: [step('begin', 'renews it'), step('order', 'ordered x', 412), step('failed', 'failed: 404', null)],
  }
  expect(stagesOf(run).map(({ state, title, time }) => [state, title, time])).toEqual([
    ['up', 'Order the certificate', '412 ms'],
    ['down', 'Show the CA that the names lead here', ''],
    ['unk', 'Have it signed', 'not done'],
    ['unk', 'Fetch, check and serve it', 'not done'],
  ])
})

test('a CA that cannot be reached fails at the order, and one that gave it has nothing undone', () => {
  const none = {
    ...{ started: '', ended: '', outcome: 'failed', why: 'no route', reached: 'begin' },
    steps: [step('begin', 'obtains it')],
  }
  expect(stagesOf(none)[0]).toMatchObject({ state: 'down', title: 'Order the certificate', isFailure: true })
  const good = {
    ...none,
    outcome: 'obtained',
    why: null,
    reached: 'served',
    steps: [step('served', 'obtained it from X')],
  }
  expect(stagesOf(good).every(({ state }) => state === 'up')).toBe(true)
})

test('a CA of one’s own is named with who signed its certificate; a CA of the list has nobody to be named', () => {
  const wish = (more: Partial<Record<keyof Wish, string>>): Wish => ({
    ...{ domains: signal(['a.example']), agrees: signal(true), challenge: signal('http-01') },
    ...{ ca: signal(more.ca ?? 'other'), url: signal('https://ca.example/directory') },
    ...{ caFile: signal(more.caFile ?? ''), email: signal(''), command: signal(''), profile: signal('') },
    ...{ kid: signal(''), hmac: signal('') },
  })
  const own = { domains: ['a.example'], agree_to_terms: true, directory: 'https://ca.example/directory' }
  expect(acmeOf(wish({}))).toEqual(own)
  expect(acmeOf(wish({ caFile: ' /etc/ca.pem ' }))).toEqual({ ...own, ca: '/etc/ca.pem' })
  expect(acmeOf(wish({ ca: 'zerossl', caFile: '/etc/ca.pem' }))).not.toHaveProperty('ca')
  expect(errorsOf(wish({ caFile: '-----BEGIN CERTIFICATE-----' }))['caFile']).toContain('path of a PEM file')
})
