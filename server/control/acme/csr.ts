// What a CA is asked to sign: a certificate request (RFC 2986) for names, made with a new key.
import { createPublicKey, generateKeyPair, sign, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { bits, element, integer, objectId, octets, sequence, setOf } from '../../tls/der.ts'
import { generalName } from '../../tls/self-signed.ts'

export type KeyType = 'ecdsa' | 'rsa'

const RSA_BITS = 2048

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
const SUBJECT_ALT_NAME = '2.5.29.17'
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'
const SHA256_WITH_RSA = '1.2.840.113549.1.1.11'
const NULL = element(0x05)

/** A new private key; an RSA one takes a while, in another thread. */
export async function newKey(type: KeyType): Promise<KeyObject> {
  const generate = promisify(generateKeyPair)
  const { privateKey } =
    type === 'rsa'
      ? await generate('rsa', { modulusLength: RSA_BITS })
      : await generate('ec', { namedCurve: 'P-256' })
  return privateKey
}

/** The request for these names, in DER. All of them stand in its alternative names, none as its subject. */
export function certificateRequest(names: readonly string[], key: KeyObject): Buffer {
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const extensions = sequence(
    sequence(objectId(SUBJECT_ALT_NAME), octets(sequence(...names.map(generalName)))),
  )
  const info = sequence(
    integer(Buffer.from([0])),
    sequence(),
    publicKey,
    element(0xa0, sequence(objectId(EXTENSION_REQUEST), setOf(extensions))),
  )
  return sequence(info, signatureAlgorithm(key), bits(sign('sha256', info, key)))
}

/** How a key of this type signs with SHA-256, as certificates name it. */
const signatureAlgorithm = (key: KeyObject): Buffer =>
  key.asymmetricKeyType === 'rsa'
    ? sequence(objectId(SHA256_WITH_RSA), NULL)
    : sequence(objectId(ECDSA_WITH_SHA256))
