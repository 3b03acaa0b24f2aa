/**
 * Every limit of the service, in one place, each with its reason. A Workers isolate has 128 MB for the runtime, the
 * weights and all requests in flight.
 */
export const limits = {
  /** Bytes of one request body: room for an image of the most pixels in any of the formats but raw ones. */
  bodyBytes: 8 * 1024 * 1024,
  /** Bytes of all bodies that an isolate holds at a time: four of the largest. */
  bodyBytesInFlight: 32 * 1024 * 1024,
  /** Bytes that a body counts as at least, so that there are at most 512 of them. */
  smallestBody: 64 * 1024,
  /** Milliseconds that a body may take to arrive, beside the time that its bytes take at the slowest rate (0.5 Mbit/s). */
  bodyMs: 5_000,
  bodyBytesPerSecond: 64 * 1024,
  /** Milliseconds that the rest of a refused body is read for. */
  discardMs: 1_000,
  /** Requests that wait for the network, which answers one at a time: at a cold start they come all at once. */
  waitingRequests: 64,
  /** Milliseconds that a request waits for the network; a client gives up after 30 s. */
  waitMs: 10_000,
  /**
   * Milliseconds between two pieces of work, in which the event loop takes in other requests. A new connection needs
   * several rounds of it: accepted, read, dispatched.
   */
  restMs: 2,
  /** Milliseconds after which a request counts as lost: the platform never reports requests that it killed. */
  lostMs: 30_000,
  /** Milliseconds for one call of a store. */
  storeMs: 1_800,
  /** Milliseconds that the last self-test of `/ready` is good for. */
  readyMs: 5_000,
  /** Characters of an `X-Request-Id` that a caller chooses, which is logged: a UUID has 36. */
  requestIdLength: 64,
  /** Seconds of the window in which `RATE_LIMIT` counts; the `period` of `wrangler.toml`. */
  rateLimitSeconds: 60,
  /**
   * Pixels of one image that is decoded as a whole (2048 x 2048), read from its header before any decoding. A JPEG of
   * that size was seen to take 41 MB inside its decoder and 17 MB outside.
   */
  imagePixels: 2048 * 2048,
  /**
   * Pixels of one image that is never held as a whole: a JPEG by its DC coefficients, a PNG by its rows. It is beyond
   * what cameras write into a body of `bodyBytes`. The JPEG takes 11 MB then, or 16 MB without chroma subsampling.
   */
  reducedPixels: 100_000_000,
  /**
   * Pixels of one image that a page decodes itself (8192 x 8192): beyond what phones take by default. It is held as
   * 4 bytes a pixel while it is scaled down.
   */
  pageImagePixels: 8192 * 8192,
  /**
   * Pixels of a PNG, and of a JPEG of which only the DC coefficients are kept, that are read in one piece, in some 30 ms;
   * then other requests have their turn. Of the images that take more, one is read at a time, so that only its state is
   * kept in between.
   */
  pixelsPerPiece: 2 ** 21,
  jpegPixelsPerPiece: 2 ** 24,
  /** Blocks of one scan that are read in one piece, in some milliseconds: to find the end of a JPEG without an end marker, or to cut out a part. */
  jpegBlocksPerPiece: 2 ** 16,
  /** Pixels along one side of an image: about what WebP can hold; refuses images a pixel thin and very long. */
  imageSide: 16_384,
  /** Images of one batch. */
  imagesPerRequest: 32,
  /** Parts of a multipart body: the images, and a few fields that other programs send. */
  formParts: 64,
  /** Images of one run of the network, which blocks the isolate: 0.2 s for the largest shipped model. */
  imagesPerRun: 8,
  /**
   * Pixels of all images of a request that has several, read from their headers before any decoding: five photos of a
   * phone. A request may not take the 30 s of CPU time that the platform gives it.
   */
  pixelsPerRequest: 64 * 1024 * 1024,
  /**
   * Scans of one JPEG. Encoders write up to about 20; every scan costs a pass over all blocks, so a small file with
   * thousands of empty ones would keep a decoder busy.
   */
  jpegScans: 100,
  /**
   * Blocks of all scans that are read to find the end of a progressive JPEG without an end marker, or to cut out a part of
   * one: 10 scans of 100 megapixels. Each costs some nanoseconds even where nothing is in it.
   */
  lastScanBlocks: 2 ** 24,
  /**
   * Chunks of one PNG: some encoders write one for every row, others one for every 8 kB; hundreds of thousands of empty
   * ones would cost seconds.
   */
  pngChunks: 20_000,
  /**
   * Bytes of the rows of one PNG that is read row by row: room for the pixels of an 8K screen (7680 x 4320, RGBA). They
   * cost time, some 10 ns each, and no memory.
   */
  pngRowBytes: 128 * 1024 * 1024,
  /**
   * Deflate blocks with codes of their own in one PNG: so many, and one for every `deflateBlockBytes` of pixels before.
   * Zlib makes one for every 16,383 bytes by default and for every 127 with the least memory, and a code of its own pays
   * for no less than some 64. Each costs 2 microseconds, so that megabytes of empty ones would cost seconds.
   */
  deflateBlocks: 64,
  deflateBlockBytes: 64,
  /**
   * Bytes of weights that a server keeps loaded, of all its models together. A session was measured to take twice the
   * bytes of its weights. Models that are in use at once can go beyond, and so can a single one.
   */
  loadedWeightBytes: 16 * 1024 * 1024,
  /** Bytes of one file of weights: loading holds it twice, and a phone ends a page of a gigabyte. */
  weightBytes: 256 * 1024 * 1024,
  /** Predictions of one image: no shipped model has more classes. */
  topK: 1_000,
  /** Labels that an answer is limited to: what the query of an address has room for. */
  labels: 100,
  /** Levels of nesting of JSON: the deepest body, a class set with models, has six. */
  jsonDepth: 8,
  /** Keys of all objects of a JSON body: `vectorsPerRequest` of `metadataKeys` each, and their other members. */
  jsonKeys: 8_192,
  /** Keys of one JSON object: the classes of a set, or the metadata of a vector. */
  jsonKeysOfObject: 128,
  /** Bytes of a key in JSON: a label of `vectorIdBytes`, all of it escaped. */
  jsonKeyBytes: 512,
  /**
   * Bytes of a JSON body that is decoded as it is, and of letters beyond ASCII in a larger one: all the metadata of a
   * write has 200 kB.
   */
  jsonTextBytes: 512 * 1024,
  /** Characters of a number in JSON: more than any float64 needs. */
  jsonTokenBytes: 64,
  /** Values of a JSON body, 4 MB once parsed: `vectorsPerRequest` vectors of `dimensions` numbers, and the rest. */
  jsonValues: 2 ** 18,
  /** Of those, values outside of vectors: what a schema may have to report one by one. */
  jsonOtherValues: 16_384,
  /** Characters of the name of a model, and of its version. */
  modelNameLength: 128,
  /** Characters of a filter in a query. */
  filterLength: 8_192,
  /** Vectors of one write: the network runs on its images a few times, and a write is one transaction. */
  vectorsPerRequest: 100,
  /** UTF-8 bytes of a vector's id, as Vectorize has it. */
  vectorIdBytes: 64,
  /** Numbers of a vector, as Vectorize has it. */
  dimensions: 1_536,
  /** UTF-8 bytes of a vector's metadata as JSON: 100 matches of a search are then 200 kB. */
  metadataBytes: 2_048,
  /** Keys of a vector's metadata. */
  metadataKeys: 64,
  /** Characters of the name of a namespace, of a set of classes, and of a metadata key. */
  nameLength: 32,
  /** Matches of one search, as Vectorize has it. */
  matches: 100,
  /** Liked and disliked examples of one search: each picture is a run of the network, each id a read of the store. */
  examplesPerSearch: 32,
  /** Keys of one filter, and values of one `in`: what a request can make the index compare with every vector. */
  filterKeys: 8,
  /** Levels of filters within filters. */
  filterDepth: 3,
  filterValues: 100,
  /** Vectors of one page of a list, as Vectorize has it: 2 MB of metadata; and of one deletion by filter. */
  pageSize: 1_000,
  /** Namespaces of one page of a list: each asks an object of its own. */
  namespacesPerPage: 20,
  /**
   * Numbers of one namespace: 131,072 vectors of 128. They are 32 MiB of int16 in the memory of its object, which
   * shares 128 MB with others.
   */
  namespaceNumbers: 2 ** 24,
  /** Namespaces that are written to, of all keys. */
  namespaces: 10_000,
  /** Aliases of namespaces: a list has all. */
  aliases: 1_000,
  /** Classes of one set: what one search ranks. */
  classesPerSet: 100,
  /** Pictures and vectors that a set is made of: each picture is a run of the network, and they have 30 s of CPU time. */
  examplesPerSet: 1_000,
  /** Sets of classes, and classes of all of them: a list has all, and is 1 MB then. */
  classSets: 1_000,
  classesInAll: 10_000,
  /**
   * Bytes of one answer that a client reads, decompressed: twice the largest that the service gives, 32 searches of 100
   * matches with 2 kB of metadata each.
   */
  answerBytes: 16 * 1024 * 1024,
  /** Bytes of one image that a client reads from an address, a path or a stream: any photo, but no endless stream. */
  imageFileBytes: 64 * 1024 * 1024,
  /** Frames a second that can be asked for: a timer waits for a whole millisecond. */
  fps: 1_000,
} as const;

/** The error text for any other `topK`. */
export const topKRange = `topK must be a whole number from 1 to ${limits.topK}`;

/** Requests of one list in flight at a time: one instance of the service takes as many without a queue. */
export const requestsAtOnce = 4;

/** Predictions returned when `topK` is not given. */
export const defaultTopK = 5;

/** Matches returned when `topK` is not given. */
export const defaultMatches = 10;

/** Vectors of a page when `limit` is not given. */
export const defaultPageSize = 100;

/** Neighbors that vote on a class when `k` is not given. */
export const defaultNeighbors = 20;

/** The namespace of a call that names none. */
export const defaultNamespace = 'default';

/** The namespace of labelled embeddings that a model brings along; it cannot be written to. */
export const galleryNamespace = 'gallery';
