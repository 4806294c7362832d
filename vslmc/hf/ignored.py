"""Fields that no model's logits depend on."""

from __future__ import annotations

ABOUT = frozenset(
    {
        "_name_or_path",
        "name_or_path",
        "_commit_hash",
        "architectures",
        "auto_map",
        "model_type",
        "transformers_version",
        "torch_dtype",
        "dtype",
        "tokenizer_class",
        "unsloth_version",
        "unsloth_fixed",
        "custom_pipelines",
        "license",
        "model_max_length",
        "_num_labels",
    }
)
"""What a model is and where it is from."""

RUNNING = frozenset(
    {
        "use_cache",
        "output_attentions",
        "output_hidden_states",
        "return_dict",
        "use_return_dict",
        "torchscript",
        "gradient_checkpointing",
        "attn_implementation",
        "_attn_implementation",
        "_attn_implementation_autoset",
        "_attn_implementation_internal",
        "_flash_attn_2_enabled",
        "experts_implementation",
        "chunk_size_feed_forward",
        "keys_to_ignore_at_inference",
        "pretraining_tp",
        "slow_but_exact",
        "tie_last_hidden_states",
        "base_model_tp_plan",
        "base_model_pp_plan",
        "tf_legacy_loss",
        "use_bfloat16",
        "output_router_logits",
        "output_past",
    }
)
"""How it is run: another order of the same sums, at most."""

TOKENS = frozenset(
    {
        "bos_token_id",
        "eos_token_id",
        "pad_token_id",
        "sep_token_id",
        "cls_token_id",
        "mask_token_id",
        "eod_token_id",
        "unk_token_id",
        "decoder_start_token_id",
        "forced_bos_token_id",
        "forced_eos_token_id",
        "image_token_id",
    }
)
"""Names of tokens."""

TRAINING = frozenset(
    {
        "initializer_range",
        "init_std",
        "initializer_cutoff_factor",
        "embedding_initializer_range",
        "router_aux_loss_coef",
        "router_jitter_noise",
        "layerdrop",
        "activation_dropout",
        "classifier_dropout",
        "classifier_activation",
        "problem_type",
        "finetuning_task",
        "id2label",
        "label2id",
        "num_labels",
        "summary_type",
        "summary_use_proj",
        "summary_activation",
        "summary_proj_to_labels",
        "summary_first_dropout",
        "task_specific_params",
    }
)
"""How it starts, and heads for other tasks."""

GENERATION = frozenset(
    {
        "max_length",
        "max_new_tokens",
        "min_length",
        "min_new_tokens",
        "early_stopping",
        "max_time",
        "stop_strings",
        "do_sample",
        "num_beams",
        "num_beam_groups",
        "cache_implementation",
        "cache_config",
        "temperature",
        "top_k",
        "top_p",
        "top_h",
        "min_p",
        "typical_p",
        "epsilon_cutoff",
        "eta_cutoff",
        "diversity_penalty",
        "repetition_penalty",
        "encoder_repetition_penalty",
        "length_penalty",
        "no_repeat_ngram_size",
        "bad_words_ids",
        "force_words_ids",
        "renormalize_logits",
        "constraints",
        "remove_invalid_values",
        "exponential_decay_length_penalty",
        "suppress_tokens",
        "begin_suppress_tokens",
        "sequence_bias",
        "token_healing",
        "guidance_scale",
        "watermarking_config",
        "num_return_sequences",
        "output_scores",
        "output_logits",
        "return_dict_in_generate",
        "encoder_no_repeat_ngram_size",
        "is_assistant",
        "num_assistant_tokens",
        "num_assistant_tokens_schedule",
        "assistant_confidence_threshold",
        "prompt_lookup_num_tokens",
        "max_matching_ngram_size",
        "assistant_early_exit",
        "low_memory",
        "penalty_alpha",
        "dola_layers",
        "prefill_chunk_size",
        "disable_compile",
        "compile_config",
        "prefix",
    }
)
"""How texts are generated with it."""

IGNORED = ABOUT | RUNNING | TOKENS | TRAINING | GENERATION
"""All of them."""
