import type { GeoFacts } from '../geo/database.ts'
import { whereIs } from '../geo/where.ts'
import { faultAnswer } from '../head/answer.ts'
import type { GeoPlaces, GeoStepConfig } from './geo.options.ts'
import type { Middleware, StepWorld } from './middleware.ts'

/**
 * Lets clients in by where their address is, that of the client behind trusted proxies. What is denied does
 * not pass though it is allowed too, and nor does a client whose address is not known: it may be anywhere.
 */
export function geo({ allow, deny }: GeoStepConfig, { refuse }: StepWorld): Middleware {
  const isAllowed = isIn(allow)
  const isDenied = isIn(deny)
  const refusal = faultAnswer('denied')
  return {
    name: 'geo',
    isPure: true,
    request(x) {
      const { address } = x.client
      if (address === null) return refuse(x, refusal)
      const facts = whereIs(address)
      if (isDenied?.(facts) === true) return refuse(x, refusal)
      return isAllowed === null || isAllowed(facts) ? undefined : refuse(x, refusal)
    },
  }
}

/** Null: nothing is named. */
function isIn(places: GeoPlaces): ((facts: GeoFacts) => boolean) | null {
  const [countries, continents] = [new Set(places.country), new Set(places.continent)]
  const networks = new Set(places.asn)
  if (countries.size + continents.size + networks.size === 0) return null
  return ({ country, continent, asn }) =>
    (countries.size > 0 && countries.has(country ?? 'unknown')) ||
    (continents.size > 0 && continents.has(continent ?? 'unknown')) ||
    (networks.size > 0 && networks.has(asn ?? 0))
}
