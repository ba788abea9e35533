// Answers each message with the same, as a process or a thread.
if (Bun.isMainThread) process.on('message', (message) => process.send?.(message))
else addEventListener('message', ({ data }: MessageEvent<unknown>) => postMessage(data))
