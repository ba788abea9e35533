import { Type, type Static } from '@sinclair/typebox'
import { Duration, FilePath, MapOf, OneOrMore, Secret, Size, Words } from '../lib/kinds.ts'

/** Signatures that nobody can make who only checks them. */
const PUBLIC_KEY_ALGORITHMS = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
] as const
const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const

/** Where a request carries a token or a key. */
export const SecretPlaceText = Type.String({
  pattern: "^(?:(?:header|cookie) [A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}|query [A-Za-z0-9_.~-]{1,128})$",
  allowed: '"header NAME", "query NAME" or "cookie NAME"',
  description:
    '"header NAME" (of Authorization what follows Bearer), "query NAME" (it gets into logs of others: a field is better) or "cookie NAME".',
})

export const JwtProviderOptions = Type.Object(
  {
    issuer: Type.String({
      minLength: 1,
      maxLength: 1000,
      description: 'Who has issued them: the claim `iss`, letter by letter.',
    }),
    audience: OneOrMore(
      Type.String({ minLength: 1, maxLength: 1000, description: 'For whom.' }),
      'For whom they are: one of these stands in the claim `aud`. Left out: for anybody, whatever the issuer has issued them for.',
    ),
    jwks_url: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s/]+\\S*$',
        maxLength: 1000,
        allowed: 'an https URL',
        description:
          'Where the issuer publishes its keys (JWKS, RFC 7517). They are fetched by the supervisor, kept in the data folder, and asked for again when a token names one that is not known.',
      }),
    ),
    jwks_file: Type.Optional(
      FilePath({ description: 'A file of its keys (JWKS) instead; one that changes is taken up by itself.' }),
    ),
    key: Type.Optional(
      Secret({
        minLength: 16,
        maxLength: 8192,
        description:
          'Its key instead: a public one or a certificate (PEM, as "${file:issuer.pem}"), or a secret that both share, for HS256 and the like.',
      }),
    ),
    ca: Type.Optional(
      FilePath({ description: 'For jwks_url: CAs (PEM) that its certificate may be of, and no others.' }),
    ),
    refresh: Duration({
      default: '10m',
      least: '10s',
      most: '1d',
      description: 'How often keys are fetched again.',
    }),
    algorithms: OneOrMore(
      Words([...PUBLIC_KEY_ALGORITHMS, ...SECRET_ALGORITHMS], {
        description: 'How they may be signed.',
        said: { none: 'a token without a signature is nobody’s' },
      }),
      'How tokens may be signed. Default: RS256, PS256, ES256 and their longer forms, and EdDSA; with a secret HS256, HS384 and HS512.',
    ),
    clock_skew: Duration({
      default: '30s',
      least: '0s',
      most: '10m',
      description: 'How far the clocks of issuer and gateway may be apart.',
    }),
    from: OneOrMore(SecretPlaceText, 'Where clients send it; the first place that has something counts.', [
      'header Authorization',
    ]),
    name_claim: Type.String({
      default: 'sub',
      minLength: 1,
      maxLength: 256,
      description: 'The claim that names who it is, in the access log and to servers.',
    }),
    required_claims: OneOrMore(
      Type.String({ minLength: 1, maxLength: 256, description: 'A claim.' }),
      'Claims that must be there, beside iss and aud.',
      ['exp'],
    ),
    claims_to_headers: MapOf(
      'field-name',
      Type.String({ minLength: 1, maxLength: 256, description: 'A claim.' }),
      'Fields in which the step jwt tells servers what a token says: the name of a claim, "a.b" for b within a. Items of a list stand with commas. What clients send under these names never gets to servers.',
    ),
    max_size: Size({
      default: '16KiB',
      least: '256',
      most: '64KiB',
      description: 'Longer tokens are not looked at.',
    }),
  },
  {
    description: 'Who issues tokens (JWT, RFC 7519) that are believed.',
    also: {
      iss: 'issuer',
      aud: 'audience',
      audiences: 'audience',
      jwks: 'jwks_url',
      jwks_uri: 'jwks_url',
      remote_jwks: 'jwks_url',
      local_jwks: 'jwks_file',
      public_key: 'key',
      secret: 'key',
      algorithm: 'algorithms',
      leeway: 'clock_skew',
      claim_to_headers: 'claims_to_headers',
    },
  },
)
export type JwtProviderConfig = Static<typeof JwtProviderOptions>
