// 6 in the life of a request (proxy.ts): its body, as it comes. It is kept while steps wait, and changed on
// its way where steps of the rule want that.
import type { Backend } from '../backends/backend.ts'
import type { Fields } from '../head/fields.ts'
import type { Asker } from './asker.ts'
import { Hold } from './hold.ts'
import { Forward } from './forward.ts'
import { KeptBody } from './kept-body.ts'
import { mirrorOf } from './mirror.ts'
import { OwnAnswers } from './own-answers.ts'
import { uploadOf } from './upload.ts'

const NOBODY = { most: Number.POSITIVE_INFINITY, tell: () => {} }

export abstract class Received extends OwnAnswers implements Asker {
  /** What of the body came while a request step waited, or is gathered before a server is asked. */
  #ahead: KeptBody | null = null
  /** Which backend is asked, once what is gathered of the body is enough; null: none is waited for. */
  #awaited: Backend | null = null

  /** A step waits for all of it, so many bytes at most. */
  #wanted: { readonly most: number; readonly tell: (body: Buffer | null) => void } | null = null

  abstract answerBody(bytes: Buffer, from: number, to: number, content: number): void
  abstract answerEnd(trailers: Fields | null): void
  abstract uploadOver(): void

  /** All request steps let pass. */
  protected forwardTo(backend: Backend): void {
    const { rule, stream } = this
    if (rule !== null && rule.uploadSteps.length > 0 && stream.requestForm !== 'none')
      this.upload = uploadOf(this, rule)
    if (rule !== null && rule.mirror !== null) this.mirror = mirrorOf(this, rule.mirror)
    if (this.upload === null) return this.mirror === null ? this.#setOut(backend) : this.#setOutBoth(backend)
    const came = this.#ahead
    const isAll = this.isRequestWhole
    this.isRequestWhole = false
    this.#ahead = null
    this.#awaited = backend
    if (this.upload.isAwaited || this.upload.form === 'length') this.#stopGathering()
    const { upload } = this
    came?.writeTo({ write: (bytes, from, to) => upload.push(bytes, from, to) })
    came?.drop()
    if (isAll) upload.finish(came?.trailers ?? null)
    else stream.resume()
  }

  #setOut(backend: Backend): void {
    this.forward = new Forward(this, backend, this.engine, this.#ahead)
    this.#ahead = null
    this.forward.attempt()
  }

  /** The same, and what of it has come goes to its copy as well, which never goes first. */
  #setOutBoth(backend: Backend): void {
    const { mirror } = this
    const came = this.#ahead
    const trailers = came?.trailers ?? null
    came?.writeTo({ write: (bytes, from, to) => mirror?.given(bytes, from, to) })
    this.#setOut(backend)
    if (this.isRequestWhole) mirror?.givenWhole(trailers)
  }

  /** A server is asked, whatever has come. */
  #stopGathering(): void {
    const backend = this.#awaited
    this.#awaited = null
    if (backend !== null) this.#setOut(backend)
  }

  bodyWithin(most: number): Promise<Buffer | null> {
    if (this.stream.declaredBytes > most) return Promise.resolve(null)
    const { promise, resolve } = Promise.withResolvers<Buffer | null>()
    this.#wanted = { most, tell: resolve }
    this.#tellWanted()
    return promise
  }

  /** It is all here, or too much. */
  #tellWanted(): void {
    const { most, tell } = this.#wanted ?? NOBODY
    const bytes = this.#ahead?.bytes ?? 0
    if (bytes <= most && !this.isRequestWhole) return
    this.#wanted = null
    tell(bytes > most ? null : (this.#ahead?.copy() ?? Buffer.alloc(0)))
  }

  requestBody(bytes: Buffer, from: number, to: number): void {
    if (this.tunnel) {
      this.tunnel.clientData(bytes, from, to)
      return this.#pace(to - from)
    }
    // Behind an answer of ours its rest is of no use; behind a server's it goes on as long as that takes it.
    if (this.isEnded || (this.hasBegun && !this.forward?.isUploading)) return
    if (this.stream.receivedBytes > this.bodyLimit) return this.bodyTooLarge()
    if (this.upload) this.upload.push(bytes, from, to)
    else this.given(bytes, from, to)
  }

  /** So much of a tunnel has gone on: the client is held up where that was faster than may be. */
  #pace(bytes: number): void {
    const { paces } = this
    if (paces === null || paces.uploads === null || this.isEnded) return
    this.uploadHold ??= new Hold(paces.uploads, paces, {
      pause: () => this.stream.pause(),
      release: () => void (this.forward?.stream?.waitingBytes === 0 && this.resumeClient()),
    })
    this.uploadHold.took(bytes)
  }

  /** A piece of what servers are to have. */
  given(bytes: Buffer, from: number, to: number): void {
    if (this.isEnded || (this.hasBegun && !this.forward?.isUploading)) return
    if (this.mirror !== null) this.mirror.given(bytes, from, to)
    if (this.forward) return this.forward.body(bytes, from, to)
    this.#ahead ??= new KeptBody(this.stream)
    this.#ahead.push(bytes, from, to)
    if (this.#wanted !== null) this.#tellWanted()
    if (!this.#ahead.isFull) return
    if (this.#awaited !== null) this.#stopGathering()
    else this.stream.pause()
  }

  bodyTooLarge(): void {
    if (this.hasBegun) return this.forward?.stopUpload()
    this.forward?.drop()
    this.replyWith('body_too_large')
  }

  requestEnd(trailers: Fields | null): void {
    if (this.tunnel) this.tunnel.clientEnd()
    else if (this.upload) this.upload.finish(trailers)
    else this.givenWhole(trailers)
  }

  /** All that servers are to have is here. */
  givenWhole(trailers: Fields | null): void {
    this.isRequestWhole = true
    this.#endGiven(trailers)
    if (this.mirror !== null) this.mirror.givenWhole(trailers)
  }

  #endGiven(trailers: Fields | null): void {
    if (this.forward) return this.forward.bodyEnd(trailers)
    if (trailers !== null) this.#ahead ??= new KeptBody(this.stream)
    if (this.#ahead) this.#ahead.trailers = trailers
    if (this.#wanted !== null) this.#tellWanted()
    this.#stopGathering()
  }
}
