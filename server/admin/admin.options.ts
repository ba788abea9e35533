// The admin listener: where it is, who may ask it, and what they show for that.
import { Type, type Static } from '@sinclair/typebox'
import { Bind, Cidr, FilePath, MapOf, OneOrMore, OrWord, Words } from '../lib/kinds.ts'

/** Tokens of another issuer. */
const JwtOptions = Type.Object(
  {
    issuer: Type.String({
      minLength: 1,
      maxLength: 500,
      description: 'Who signs the tokens: their claim `iss`, to the letter.',
    }),
    audience: OneOrMore(
      Type.String({ minLength: 1, maxLength: 200, description: 'Whom they are for.' }),
      'Whom they are for: one of these stands in their claim `aud`. Tokens for somebody else are refused.',
    ),
    jwks_url: Type.Optional(
      Type.String({
        pattern: '^(?:https://|http://(?:localhost|127\\.0\\.0\\.1|\\[::1\\])[:/])\\S+$',
        maxLength: 1000,
        allowed: 'an https URL',
        description: 'Where the issuer publishes its keys (JWKS).',
      }),
    ),
    jwks_file: Type.Optional(
      FilePath({ description: 'File of its keys instead (JWKS); read for each token.' }),
    ),
    role_claim: Type.String({
      default: 'role',
      minLength: 1,
      maxLength: 200,
      description: 'Claim with the role, or with a list of them; within others as realm_access.roles.',
    }),
    name_claim: Type.String({
      default: 'sub',
      minLength: 1,
      maxLength: 200,
      description: 'Claim with the name that the audit has.',
    }),
    roles: MapOf(
      'user-name',
      Words(['viewer', 'operator', 'editor', 'admin'], { description: 'A role.' }),
      "The issuer's words for roles, as gateway-admins: admin. Without any its words are ours.",
    ),
  },
  {
    description:
      'Tokens (JWT) of another issuer that are taken, such as an identity provider or a CI system.',
    also: { url: 'jwks_url', jwks: 'jwks_url', jwks_uri: 'jwks_url', aud: 'audience', iss: 'issuer' },
  },
)

export const AdminOptions = Type.Object(
  {
    bind: Bind({
      default: '127.0.0.1:9090',
      takesUnix: true,
      description: 'Address of the admin API, of /metrics, /_health and /_metrics.',
    }),
    trusted: Type.Array(Cidr({ description: 'A range.' }), {
      default: [],
      description: 'Who may read /metrics, /_health and /_metrics without a credential, beside loopback.',
    }),
    hosts: Type.Array(
      Type.String({
        pattern: '^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$',
        allowed: 'the name of a host',
        description: 'A name.',
      }),
      {
        default: [],
        maxItems: 100,
        description:
          'Names that it answers to, beside IP addresses, localhost and the name of this machine: a page whose name somebody made to point here is refused.',
      },
    ),
    tls: Type.Optional(
      OrWord(
        'self_signed',
        Type.Object(
          {
            cert: FilePath({ description: 'File of the certificate and its chain (PEM).' }),
            key: FilePath({ secret: true, description: 'File of its key (PEM).' }),
          },
          { description: 'A certificate.' },
        ),
        {
          description:
            'What it speaks TLS with: a certificate, or one of our own making, which is also what it has wherever others than this machine reach it.',
        },
      ),
    ),
    plain_http: Type.Boolean({
      default: false,
      description:
        'No TLS, though others than this machine reach it: /metrics, /_health and /_metrics only, for `trusted`; passwords and tokens are refused there.',
    }),
    files: Type.Optional(
      Type.Array(FilePath({ allowed: 'the path of a folder', description: 'A folder.' }), {
        maxItems: 100,
        description:
          'Folders whose files and Unix sockets editors may name in the config, as certificates and keys, beside its own folder, `data`, and what it names already. Admins may name others.',
      }),
    ),
    jwt: Type.Optional(JwtOptions),
  },
  {
    default: {},
    description: 'The admin listener; false turns it off.',
    also: { address: 'bind', addr: 'bind', listen: 'bind', port: 'bind', allow: 'trusted' },
  },
)

export type AdminConfig = Static<typeof AdminOptions>
