import { Type, type Static } from '@sinclair/typebox'
import { ContinentCode, CountryCode } from '../geo/geo.options.ts'
import { Name, OneOrMore } from '../lib/kinds.ts'

const RegionOptions = Type.Object(
  {
    backend: Name({ description: 'Where its clients go.' }),
    country: OneOrMore(CountryCode, 'Countries whose clients come here first.'),
    continent: OneOrMore(
      ContinentCode,
      'Continents whose clients come here where no region names their country.',
    ),
    latitude: Type.Optional(
      Type.Number({ minimum: -90, maximum: 90, description: 'Where it is, in degrees: north is positive.' }),
    ),
    longitude: Type.Optional(
      Type.Number({ minimum: -180, maximum: 180, description: 'Where it is, in degrees: east is positive.' }),
    ),
  },
  {
    description: 'A region. One that names no country, no continent and no place takes what is left.',
    usual: { backend: 'NAME' },
    also: {
      lat: 'latitude',
      lon: 'longitude',
      lng: 'longitude',
      countries: 'country',
      continents: 'continent',
      service: 'backend',
    },
  },
)

export const NearestOptions = Type.Array(RegionOptions, {
  minItems: 2,
  maxItems: 64,
  description:
    'Destination: the backend of the region that is nearest to the client: the first that names its country, else its continent, then those with coordinates by their distance (geo.city), then one that says not where it is, then the others in their order. One of whose servers none is up is passed over.',
})
export type NearestConfig = Static<typeof NearestOptions>
export type RegionConfig = NearestConfig[number]
