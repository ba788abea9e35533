import { Type, type Static } from '@sinclair/typebox'
import { Duration, FieldName, Size, Words } from '../lib/kinds.ts'

const QueryName = (description: string) =>
  Type.String({
    pattern: '^[^\\s&=#*]{1,128}\\*?$',
    allowed: 'a name without "&", "=" and blanks, perhaps with "*" at its end',
    description,
  })

export const CacheOptions = Type.Object(
  {
    max_size: Size({
      default: '8MiB',
      least: '1KiB',
      most: '1GiB',
      description: 'Longer bodies are not stored.',
    }),
    default_ttl: Duration({
      default: '0s',
      most: '365d',
      description:
        'How long answers are fresh that say nothing of it (no Cache-Control, no Expires, no Last-Modified), of the statuses that may be kept so (200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501). 0s: not at all.',
    }),
    heuristic: Type.Integer({
      default: 10,
      minimum: 0,
      maximum: 100,
      description:
        'Answers that say nothing but when they were changed last are fresh for so many percent of the time since then, a day at most (RFC 9111 §4.2.2). 0: not at all.',
    }),
    stale_while_revalidate: Duration({
      default: '0s',
      description:
        'How long after it is stale an answer is given while its server is asked anew behind it, where the answer itself does not say so (RFC 5861).',
    }),
    stale_if_error: Duration({
      default: '0s',
      description:
        'How long after it is stale an answer is given where its server fails (no answer, 500, 502, 503, 504), where the answer itself does not say so (RFC 5861).',
    }),
    collapse: Duration({
      default: '5s',
      description:
        'How long requests wait for one that is under way for the same, rather than ask the server too. 0s: they do not wait.',
    }),
    set_cookie: Words(['refuse', 'strip', 'keep'], {
      default: 'refuse',
      description:
        'Answers that set cookies. refuse: they are not stored. strip: they are stored without the cookies, which only who asked first gets. keep: everybody gets them.',
      said: { ignore: 'write strip', allow: 'write keep', store: 'write keep' },
    }),
    request_directives: Words(['obey', 'ignore'], {
      default: 'obey',
      description:
        'Cache-Control and Pragma of requests. obey: a client that wants an answer anew gets one (RFC 9111 §5.2.1). ignore: only what servers say counts, so that no client makes work for them.',
    }),
    key: Type.Object(
      {
        query: Words(['all', 'none'], {
          default: 'all',
          description: 'Whether requests that differ in their query are told apart.',
        }),
        ignore_query: Type.Array(QueryName('A name; "utm_*" for all that begin so.'), {
          default: [],
          maxItems: 64,
          description: 'Parts of the query that make no difference. The server sees them all the same.',
        }),
        sort_query: Type.Boolean({
          default: false,
          description: 'The order of the parts of a query makes no difference.',
        }),
        headers: Type.Array(FieldName({ description: 'The name of a field.' }), {
          default: [],
          maxItems: 16,
          description: 'Requests that differ in one of these are told apart, whatever the answer says of it.',
        }),
        cookies: Type.Array(
          Type.String({
            pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$",
            allowed: 'the name of a cookie',
            description: 'The name of a cookie.',
          }),
          {
            default: [],
            maxItems: 16,
            description: 'Requests that differ in one of these cookies are told apart.',
          },
        ),
      },
      {
        default: {},
        description: 'What requests are told apart by, beside rule, scheme, host, path and what Vary names.',
      },
    ),
    tags: Type.Array(FieldName({ description: 'The name of a field.' }), {
      default: ['surrogate-key', 'cache-tag'],
      maxItems: 8,
      description: 'Fields of answers that hold tags to purge by, with blanks or commas between them.',
    }),
    status_header: Type.Boolean({
      default: true,
      description: 'Answers say in Cache-Status (RFC 9211) what the cache did.',
    }),
  },
  {
    description:
      'Stores answers and gives them again as long as they are fresh (RFC 9111), shared by all clients: what is private, was asked for with credentials or sets cookies is not stored unless that is said. Each worker has a store of its own; cache.memory at the top is for all of them together.',
    also: {
      ttl: 'default_ttl',
      max_age: 'default_ttl',
      valid: 'default_ttl',
      swr: 'stale_while_revalidate',
      use_stale: 'stale_if_error',
      max_object_size: 'max_size',
    },
    lacks: {
      methods: 'GET and HEAD are answered from the store, and nothing else is',
      statuses:
        'servers say by Cache-Control which answers are kept; default_ttl is for those that say nothing',
    },
  },
)
export type CacheConfig = Static<typeof CacheOptions>
