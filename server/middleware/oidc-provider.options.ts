// Identity providers that people sign in with: top-level auth.oidc.
import { Type, type Static } from '@sinclair/typebox'
import { Duration, FilePath, MapOf, OneOrMore, Secret, TextValue, Words } from '../lib/kinds.ts'

const SECRET_LENGTH_MIN = 16

const OwnPath = (usual: string, description: string) =>
  Type.String({
    default: usual,
    pattern: "^/[A-Za-z0-9._~!$&'()*+,;=:@/-]{1,255}$",
    allowed: 'a path without escapes and query',
    description,
  })

/** Names of claims; below others with dots: "realm_access.roles". */
export const ClaimName = (description: string) =>
  Type.String({
    pattern: '^[A-Za-z0-9_:/.-]{1,256}$',
    allowed: 'the name of a claim; "a.b" for b within a',
    description,
  })

export const OidcProviderOptions = Type.Object(
  {
    issuer: Type.String({
      pattern: '^https?://(?:\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?(?:/[!-~]{0,500})?$',
      allowed: 'the issuer as the provider writes it, such as https://id.example',
      description:
        'What the provider calls itself, to the letter; what it offers is read from /.well-known/openid-configuration below it.',
    }),
    client_id: TextValue({ description: 'What the gateway is called there.' }),
    client_secret: Type.Optional(
      Secret({
        minLength: 1,
        description: 'Its secret there. Left out: it is a public client, which PKCE alone protects.',
      }),
    ),
    client_auth: Words(['basic', 'post'], {
      default: 'basic',
      description: 'How the secret is shown: in Authorization, or in the form.',
    }),
    scopes: Type.Array(
      Type.String({ pattern: '^[!#-\\[\\]-~]{1,256}$', allowed: 'a scope', description: 'A scope.' }),
      {
        default: ['openid', 'profile', 'email'],
        minItems: 1,
        maxItems: 64,
        description:
          'What is asked for; openid must be among them. Many providers give refresh tokens for offline_access only.',
      },
    ),
    params: MapOf(
      'query-name',
      TextValue({ description: 'Value.' }),
      'More parameters for the sign-in page, such as prompt, audience or hd.',
    ),
    redirect_path: OwnPath(
      '/.sluice/oidc/callback',
      'Path to which the provider sends browsers back, on each host: register https://HOST and this path there. A rule with the step must take it.',
    ),
    logout_path: OwnPath('/.sluice/oidc/logout', 'Path that signs out, here and at the provider.'),
    post_logout: Type.String({
      default: '/',
      pattern: '^(?:/(?![/\\\\])[!-\\[\\]-~]{0,1000}|https?://[!-\\[\\]-~]{1,1000})$',
      allowed: 'a path, or a URL with its scheme',
      description: 'Where browsers are after that: a path of the same host, or a URL.',
    }),
    session: Type.Object(
      {
        cookie: Type.Optional(
          Type.String({
            pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$",
            allowed: 'the name of a cookie: letters, digits, "_" and "-"',
            description:
              'Name of the cookie; by https "__Host-" stands before it. Left out: sluice_oidc_ and the name of the provider.',
          }),
        ),
        ttl: Duration({
          default: '8h',
          least: '1m',
          most: '30d',
          description: 'So long somebody is signed in at most; then the provider is asked again.',
        }),
        idle: Duration({
          default: '0s',
          most: '30d',
          description: 'Who has not come for so long is signed in no more. 0s: that does not matter.',
        }),
        secret: Type.Optional(
          Secret({
            minLength: SECRET_LENGTH_MIN,
            description:
              'What the cookies are sealed with; the same on all machines that are to know them. Left out: one that is made once and kept in the data folder.',
          }),
        ),
        secrets: Type.Optional(
          Type.Array(Secret({ minLength: SECRET_LENGTH_MIN, description: 'A secret.' }), {
            minItems: 1,
            maxItems: 8,
            secret: true,
            description: 'Several in place of one, to change them: the first seals, all open.',
          }),
        ),
        same_site: Words(['lax', 'none'], {
          default: 'lax',
          description:
            'Whether browsers send the cookie with requests that other sites cause. none is for pages within frames of others, by https only.',
          said: { strict: 'who comes back from the provider comes from another site: write lax' },
        }),
      },
      {
        default: {},
        description:
          'How long, and by what, somebody stays signed in: a sealed cookie, nothing is kept here.',
        also: {
          cookie_name: 'cookie',
          name: 'cookie',
          max_age: 'ttl',
          lifetime: 'ttl',
          samesite: 'same_site',
        },
      },
    ),
    claims_to_headers: MapOf(
      'field-name',
      ClaimName('A claim.'),
      'Header fields for servers, and the claim that each holds; lists with commas. Whatever clients send under these names is taken out.',
    ),
    user_claim: Type.Optional(
      ClaimName(
        'Claim that says who it is, for the access log. Left out: email, else preferred_username, else sub.',
      ),
    ),
    userinfo: Type.Boolean({
      default: false,
      description: 'Ask the provider for claims at its userinfo endpoint too: some say little in ID tokens.',
    }),
    refresh: Type.Boolean({
      default: true,
      description:
        'Where it gives refresh tokens: ask it again when its token is over, so that who is locked out there is signed out here. false: until ttl is over.',
    }),
    timeout: Duration({ default: '5s', least: '100ms', most: '1m', description: 'For each question to it.' }),
    clock_skew: Duration({
      default: '30s',
      most: '10m',
      description: 'By how much its clock and ours may differ.',
    }),
    ca: OneOrMore(
      FilePath({ description: 'A PEM file.' }),
      'Issuers of its certificate that are trusted, and no others; read when a config is applied. Left out: those of the system.',
    ),
  },
  {
    description:
      'An OpenID Connect provider, by the authorization code flow with PKCE, state and nonce. Rules ask for it with the step oidc.',
    usual: { issuer: 'https://id.example', client_id: 'sluice' },
    also: {
      issuer_url: 'issuer',
      oidc_issuer_url: 'issuer',
      id: 'client_id',
      secret: 'client_secret',
      scope: 'scopes',
      redirect_uri: 'redirect_path',
      callback_path: 'redirect_path',
      headers: 'claims_to_headers',
    },
    lacks: {
      pkce: 'it is always used, with S256',
      discovery: 'it is read below the issuer',
      algorithms: 'ID tokens are signed by a key of the provider; symmetric ones and none are refused',
    },
  },
)
export type OidcProviderConfig = Static<typeof OidcProviderOptions>
