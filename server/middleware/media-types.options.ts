// How lists of media types are written; media-types.ts beside it reads them.
import { Type } from '@sinclair/typebox'

export const MediaTypes = (types: readonly string[], description: string) =>
  Type.Array(
    Type.String({
      pattern: '^(?:[a-z0-9!#$&^_.+-]+/(?:\\*|[a-z0-9!#$&^_.+-]+)|\\*\\+[a-z0-9]+)$',
      allowed: 'a media type in lower case, "text/*" or "*+json"',
      description: 'A media type; "text/*" for all that begin so, "*+json" for all that end so.',
    }),
    { default: [...types], description },
  )
