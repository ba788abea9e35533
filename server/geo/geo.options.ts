// Where the databases are that tell countries and networks by address, and how the config names those.
import { Type } from '@sinclair/typebox'
import { FilePath } from '../lib/kinds.ts'

export const GeoOptions = Type.Object(
  {
    country: Type.Optional(
      FilePath({
        description: 'Countries and continents, such as GeoLite2-Country.mmdb or an IP to country table.',
      }),
    ),
    asn: Type.Optional(
      FilePath({ description: 'Networks: their number and name, such as GeoLite2-ASN.mmdb.' }),
    ),
    city: Type.Optional(
      FilePath({
        description:
          'Places with coordinates, such as GeoLite2-City.mmdb. It tells countries and continents as well, where country is left out.',
      }),
    ),
  },
  {
    description:
      'Databases in the MaxMind format (.mmdb), by which rules know countries, continents and networks (AS) of clients. A file that changes is taken up by itself; one that is of no use then is told, and the one before stays.',
    also: {
      database: 'country',
      geoip: 'country',
      geoip_country: 'country',
      geoip2: 'country',
      as: 'asn',
      network: 'asn',
      geoip_city: 'city',
    },
    lacks: {
      reload: 'files that change are taken up by themselves',
      interval: 'files that change are taken up by themselves',
    },
  },
)

/** A country as rules name it; one of an address that no country is known of. */
export const CountryCode = Type.String({
  pattern: '^(?:[A-Z]{2}|unknown)$',
  allowed: 'two capitals (ISO 3166), such as DE; or unknown',
  description: 'A country: two capitals (ISO 3166). unknown: none is known of the address.',
})

export const ContinentCode = Type.Unsafe<string>({
  type: 'string',
  enum: ['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA', 'unknown'],
  description:
    'AF Africa, AN Antarctica, AS Asia, EU Europe (not the Union alone), NA North and Central America, OC Oceania, SA South America. unknown: none is known of the address.',
  said: {
    europe: 'write EU',
    asia: 'write AS',
    africa: 'write AF',
    US: 'that is a country: write country: US',
  },
})

export const AsNumber = Type.Integer({
  minimum: 0,
  maximum: 4_294_967_295,
  description: 'The number of a network (AS), such as 3320. 0: none is known of the address.',
})
