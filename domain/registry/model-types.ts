/** What a model is for in a retrieval system. */
export const MODEL_TYPES = ['embedding', 'retriever', 'reranker', 'generator', 'pipeline'] as const;
export type ModelType = (typeof MODEL_TYPES)[number];

/** What versions are whose makers said nothing of their type: those that came by the MLflow protocol. */
export const EXTERNAL = 'external';
export type RegisteredType = ModelType | typeof EXTERNAL;

export type MetadataValue = string | number | boolean;

/** One entry of the metadata that a type must have. */
export interface RequiredMetadata {
  readonly key: string;
  /** In words. */
  readonly wanted: string;
  readonly accepts: (value: MetadataValue) => boolean;
}

const text = (key: string, wanted: string): RequiredMetadata => ({
  key,
  wanted,
  accepts: (value) => typeof value === 'string' && value.trim() !== '',
});

const count = (key: string, wanted: string): RequiredMetadata => ({
  key,
  wanted,
  accepts: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value > 0,
});

const DISTANCES = ['cosine', 'dot', 'euclidean'];
const TOKENIZER = text('tokenizer', 'the name of its tokenizer, for example bert-base-uncased');

/** What says, in `index_embedding`, that an index was built by no embedding: a lexical one. */
export const NO_EMBEDDING = 'none';

/** Metadata without which a version of the type cannot be used safely. */
export const REQUIRED_METADATA: Readonly<Record<ModelType, readonly RequiredMetadata[]>> = {
  embedding: [
    count('dimension', 'how many numbers a vector has, a whole number above 0'),
    {
      key: 'distance',
      wanted: `how vectors are compared: ${DISTANCES.join(', ')}`,
      accepts: (value) => typeof value === 'string' && DISTANCES.includes(value),
    },
    TOKENIZER,
  ],
  retriever: [
    text(
      'index_embedding',
      `the embedding version its index was built by, NAME@VERSION, or ${NO_EMBEDDING} for a lexical index`,
    ),
  ],
  reranker: [TOKENIZER, count('max_input_tokens', 'tokens that query and passage may have together')],
  generator: [TOKENIZER, count('context_tokens', 'tokens that prompt and answer may have together')],
  pipeline: [],
};

/** Each entry that is missing or wrong, in words. */
export function metadataProblems(type: ModelType, metadata: Readonly<Record<string, MetadataValue>>): string[] {
  return REQUIRED_METADATA[type].flatMap(({ accepts, key, wanted }) => {
    if (!Object.hasOwn(metadata, key)) return [`metadata ${key} is missing for type ${type}: ${wanted}`];
    const value = metadata[key];
    if (value !== undefined && accepts(value)) return [];
    return [`metadata ${key} is ${JSON.stringify(value)}, wanted ${wanted}`];
  });
}
