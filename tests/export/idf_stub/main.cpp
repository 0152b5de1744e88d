/* What ESP-IDF does around an application. */
extern "C" void app_main(void);

int main()
{
    app_main();
}
