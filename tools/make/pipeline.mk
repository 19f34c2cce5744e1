# The central bank's pipeline under pressure (tests/pipeline/), also under ThreadSanitizer.

PIPELINE_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/pipeline/*.c))
$(BUILD)/pipeline/dcep-pipeline: $(PIPELINE_OBJECTS) $(BUILD)/lib/central.a $(SUPPORT) \
        $(COMMON_ARCHIVES)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: pipeline-build pipeline-check pipeline-tsan
pipeline-build: $(BUILD)/pipeline/dcep-pipeline
tests-build: pipeline-build

pipeline-check: pipeline-build ## eight race for the same coins; any workers, the same rows
	@$(BUILD)/pipeline/dcep-pipeline

# The instrumentation makes gcc guess wrongly about lengths of texts.
pipeline-tsan: ## the same under ThreadSanitizer, one round
	@$(SUBMAKE) BUILD=$(BUILD)/tsan SAN=-fsanitize=thread \
	    CFLAGS=-Wno-format-truncation pipeline-build
	@TSAN_OPTIONS="suppressions=tests/pipeline/tsan.supp $$TSAN_OPTIONS" \
	    $(BUILD)/tsan/pipeline/dcep-pipeline --rounds 1

soak: soak-pipeline
.PHONY: soak-pipeline
soak-pipeline: pipeline-build
	@$(BUILD)/pipeline/dcep-pipeline --rounds 100
