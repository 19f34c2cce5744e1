# Manual pages (English, Chinese) and shell completion, told by each program from its table of
# commands; below $(BUILD)/share as they go below PREFIX/share.

NAMES := dcep-central dcep-bank dcep-wallet
SHARE := $(BUILD)/share
PAGES := $(NAMES:%=$(SHARE)/man/man1/%.1) $(NAMES:%=$(SHARE)/man/zh_CN/man1/%.1) \
    $(NAMES:%=$(SHARE)/bash-completion/completions/%) \
    $(NAMES:%=$(SHARE)/zsh/site-functions/_%) \
    $(NAMES:%=$(SHARE)/fish/vendor_completions.d/%.fish)

.PHONY: pages
pages: $(PAGES) ## manual pages and shell completion, into $(BUILD)/share/
all: pages

define tell
@mkdir -p $(@D)
@$< --lang $(1) > $@
endef

$(SHARE)/man/man1/%.1: $(BUILD)/%
	$(call tell,en --man)
$(SHARE)/man/zh_CN/man1/%.1: $(BUILD)/% $(CATALOGUES)
	$(call tell,zh --man)
$(SHARE)/bash-completion/completions/%: $(BUILD)/%
	$(call tell,en --completion bash)
$(SHARE)/zsh/site-functions/_%: $(BUILD)/%
	$(call tell,en --completion zsh)
$(SHARE)/fish/vendor_completions.d/%.fish: $(BUILD)/%
	$(call tell,en --completion fish)
