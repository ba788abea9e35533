import { expect, test } from 'bun:test'
import type { CertificateText } from '../../../server/tls/certificate.ts'
import { ToldCertificates } from '../../../server/worker/told-certificates.ts'

const text = (name: string): CertificateText => ({ pairs: [], names: [name], endsMs: 1 })

/** Both ends, and how much went between them. */
function ends() {
  const [here, there] = [new ToldCertificates(), new ToldCertificates()]
  const tell = (all: Record<string, CertificateText>) => {
    const news = here.newsOf(all)
    return { got: there.take(news), added: Object.keys(JSON.parse(news.added) as object) }
  }
  return { here, there, tell }
}

test('a plan brings those that are new, in its order; those that stay are known', () => {
  const { here, there, tell } = ends()
  const [a, b, c] = [text('a'), text('b'), text('c')]
  expect(tell({ a, b })).toEqual({ got: { a, b }, added: ['a', 'b'] })
  expect(tell({ b, c, a })).toEqual({ got: { b, c, a }, added: ['c'] })
  const changed = text('other')
  here.changed('b', changed)
  there.changed('b', changed)
  expect(tell({ b: changed })).toEqual({ got: { b: changed }, added: [] })
  // One that went and comes back is new.
  expect(tell({ a, b: changed })).toEqual({ got: { a, b: changed }, added: ['a'] })
  expect(tell({})).toEqual({ got: {}, added: [] })
})

test('for who has none yet a plan is written once', () => {
  const all = { a: text('a') }
  const [one, other] = [new ToldCertificates().newsOf(all), new ToldCertificates().newsOf(all)]
  expect(other.added).toBe(one.added)
})
